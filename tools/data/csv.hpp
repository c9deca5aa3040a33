// csv: tables of numbers as text: commas, a header row of column names, quoted fields as in RFC
// 4180.
//
//   pet::tools::Table table = pet::tools::read_csv("iris.csv", "target");
//   table.x;   // float64 [150, 4]
//   table.y;   // int64 [150]: float64 when any of its values is not an integer
//
// A target whose values all are texts is labels: y is their places in table.labels. What stands in
// quotes is a text as it is, "1" and " a " too, unless the first row's x stands in quotes as well:
// there, quotes say nothing. Lines end with LF or CRLF, blank ones are passed over, a byte-order
// mark too. Errors name the line and the column's name.
//
// Threads: any. Throws: as data_file.hpp says; kUsage for a target that is no column.
#pragma once

#include <filesystem>
#include <pet/xydata.hpp>
#include <string>
#include <vector>

namespace pet::tools {

struct Table {
  XYData x;
  XYData y;                          // nothing without a target
  std::vector<std::string> labels;   // of y, when it is texts: see labels.hpp
  std::vector<std::string> columns;  // the names of x's; empty when the file has none
};

// `target` names the column that becomes y; empty: all columns are x.
Table read_csv(const std::filesystem::path& path, const std::string& target = {});

// The names in the header.
std::vector<std::string> read_csv_columns(const std::filesystem::path& path);

// One row a line, numbers so that they read back the same. The header is "prediction" for one
// column, "prediction_0", "prediction_1"… for several.
void write_csv(const std::filesystem::path& path, const XYData& data);

// One text a line below "prediction".
void write_csv(const std::filesystem::path& path, const std::vector<std::string>& texts);

}  // namespace pet::tools
