// What a pipeline knows of the data that it was fitted on: private attributes of its root, which
// travel with its config. Classes see numbers only.
//
//   "_labels": ["setosa", "virginica"]    the targets' texts, in the order of their numbers
//   "_columns": ["length", "width"]       the names of x's columns
//
// Threads: pure functions of their arguments. Throws: kBadConfig for attributes that are not such.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/loader/base_plugin.hpp"

namespace pet::tools {

struct FittedData {
  std::vector<std::string> labels;   // empty: the targets are numbers, or there were none
  std::vector<std::string> columns;  // empty: the data had no names
};

// The root's; labels that the root says nothing of are those that are known below it (a fitted
// pipeline that is a filter of this one), where all that is there agrees. `config` names it in
// messages.
FittedData fitted_data_of(const BasePlugin& pipeline, const std::string& config);

// After a fit: what the root says, also in place of what stands below it.
void set_fitted_data(BasePlugin& pipeline, const FittedData& data);

// Throws kBadParams unless the columns of `path` are the ones fitted on, in their order. Files
// without names pass, and so do other numbers of columns, of which the classes speak.
void check_columns(const std::filesystem::path& path, const std::vector<std::string>& columns,
                   const std::vector<std::string>& fitted);

}  // namespace pet::tools
