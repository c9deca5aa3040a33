#include "tools/petctl/output.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/artifact/note_reader.hpp"
#include "core/near_miss.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/key.hpp"

namespace pet::tools {
namespace {

// A text of somebody's, a log message say, for a terminal: nothing in it moves the cursor.
std::string shown(const std::string& text) {
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  return plain ? text : pet::quoted(text);
}

// In characters, each of which is taken for one column.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string strict_text(const std::string& text) {
  return is_utf8(text) ? text : pet::quoted(text);
}

ParamValue strict(const ParamValue& value) {
  if (const double* number = value.if_float64()) {
    return std::isfinite(*number) ? value : ParamValue();
  }
  if (const std::string* text = value.if_text()) return strict_text(*text);
  if (const ParamList* list = value.if_list()) {
    ParamList out;
    for (const ParamValue& item : *list) out.push_back(strict(item));
    return out;
  }
  if (const ParamObject* object = value.if_object()) {
    ParamObject out;
    for (const auto& [key, field] : object->fields()) out.append(strict_text(key), strict(field));
    return out;
  }
  return value;
}

}  // namespace

void print_line(const std::string& line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

void print_json(const ParamValue& document) { print_line(to_json(strict(document))); }

void print_table(const std::vector<std::vector<std::string>>& table) {
  std::vector<std::vector<std::string>> rows = table;
  std::vector<std::size_t> widths;
  for (auto& row : rows) {
    for (std::string& cell : row) cell = shown(cell);
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
    }
    print_line(line);
  }
}

ParamObject error_json(const Error& error) {
  return {{"code", to_string(error.code())},
          {"message", error.what()},
          {"class", error.class_name()},
          {"hash", error.hash()},
          {"key", error.key()}};
}

void print_error(const Error& error, bool json, ParamObject report) {
  std::fprintf(stderr, "error: %s\n", error.what());
  if (!json) return;
  report.set("error", error_json(error));
  print_json(report);
}

std::string suggestion(const std::string& wanted, const std::vector<std::string>& known) {
  const std::string text = did_you_mean(wanted, known);
  return text.empty() ? text : "\n  " + text;
}

int flush_output() {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return 0;
  std::perror("error: cannot write to stdout");
  return 1;
}

}  // namespace pet::tools
