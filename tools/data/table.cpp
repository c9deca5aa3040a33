#include "tools/data/table.hpp"

#include "tools/data/data_file.hpp"
#include "tools/data/npy.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;

enum class Format { kNpy, kCsv };

Format format_of(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
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
  return {.x = read_npy(path), .y = {}, .columns = {}};
}

XYData read_targets(const fs::path& path, const std::string& target) {
  if (format_of(path) == Format::kNpy) return read_npy(path);
  if (!target.empty()) return read_csv(path, target).y;
  Table table = read_csv(path);
  if (table.columns.size() != 1) {
    refuse_file(path, "has " + std::to_string(table.columns.size()) +
                          " columns: name the one with the targets (--target COLUMN)");
  }
  return read_csv(path, table.columns[0]).y;
}

void write_table(const fs::path& path, const XYData& data) {
  if (format_of(path) == Format::kCsv) {
    write_csv(path, data);
  } else {
    write_npy(path, data);
  }
}

}  // namespace pet::tools
