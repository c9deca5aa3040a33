#include "tools/data/table.hpp"

#include <algorithm>

#include "storage/ascii.hpp"
#include "tools/data/data_file.hpp"
#include "tools/data/npy.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;

enum class Format { kNpy, kCsv };

Format format_of(const fs::path& path) {
  const std::string extension = small_letters(path.extension().string());
  if (extension == ".npy") return Format::kNpy;
  if (extension == ".csv") return Format::kCsv;
  refuse_file(path, "expected a name that ends with .npy or .csv");
}

}  // namespace

void require_table_name(const fs::path& path) { format_of(path); }

Table read_table(const fs::path& path, const std::string& target) {
  if (format_of(path) == Format::kCsv) return read_csv(path, target);
  if (!target.empty()) {
    refuse_file(path, "a .npy has no columns to name, so '" + target +
                          "' is none of its: give the targets in a file of their own");
  }
  return {.x = read_npy(path), .y = {}, .labels = {}, .columns = {}};
}

bool has_column(const fs::path& path, const std::string& name) {
  if (name.empty() || format_of(path) != Format::kCsv) return false;
  const std::vector<std::string> columns = read_csv_columns(path);
  return std::find(columns.begin(), columns.end(), name) != columns.end();
}

Targets read_targets(const fs::path& path, const std::string& target) {
  if (format_of(path) == Format::kNpy) return read_npy_targets(path);
  std::string column = target;
  if (column.empty()) {
    const std::vector<std::string> columns = read_csv_columns(path);
    if (columns.size() != 1) {
      refuse_file(path, "has " + std::to_string(columns.size()) +
                            " columns: name the one with the targets (--target COLUMN)");
    }
    column = columns.front();
  }
  Table table = read_csv(path, column);
  return {std::move(table.y), std::move(table.labels)};
}

void write_table(const fs::path& path, const XYData& data) {
  format_of(path) == Format::kCsv ? write_csv(path, data) : write_npy(path, data);
}

void write_table(const fs::path& path, const std::vector<std::string>& texts, const Shape& shape) {
  format_of(path) == Format::kCsv ? write_csv(path, texts) : write_npy(path, texts, shape);
}

}  // namespace pet::tools
