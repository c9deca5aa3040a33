// table: what petctl reads and writes, by the file's extension: .npy or .csv.
//
//   Table table = read_table("train.csv", "target");    // x and y
//   Targets y = read_targets("y_test.npy");             // y alone
//   write_table("pred.csv", pipeline.predict(table.x));
//
// Threads: any. Throws: as data_file.hpp says; kUsage for another extension.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/data/csv.hpp"
#include "tools/data/labels.hpp"

namespace pet::tools {

// x, and y when there is a target. A .npy has no columns to name: a target with it is kUsage.
Table read_table(const std::filesystem::path& path, const std::string& target = {});

// Whether the file is a .csv with a column of that name.
bool has_column(const std::filesystem::path& path, const std::string& name);

// Just y: a .npy as it is; of a .csv the column `target`, or without one its only column.
Targets read_targets(const std::filesystem::path& path, const std::string& target = {});

void write_table(const std::filesystem::path& path, const XYData& data);

// One column of texts, in a .npy of this shape.
void write_table(const std::filesystem::path& path, const std::vector<std::string>& texts,
                 const Shape& shape);

// Whether the extension is one that these functions take, before anything is computed.
void require_table_name(const std::filesystem::path& path);

}  // namespace pet::tools
