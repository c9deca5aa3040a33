#include "tools/petctl/output.hpp"

#include <algorithm>
#include <cstdio>

#include "core/near_miss.hpp"
#include "core/pipeline/json_document.hpp"

namespace pet::tools {

void print_line(const std::string& line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

void print_json(const ParamValue& document) { print_line(to_json(document)); }

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    print_line(line);
  }
}

void print_error(const Error& error, bool json) {
  std::fprintf(stderr, "error: %s\n", error.what());
  if (!json) return;
  print_json(ParamObject{{"error", ParamObject{{"code", std::string(to_string(error.code()))},
                                               {"message", error.what()},
                                               {"class", error.class_name()},
                                               {"hash", error.hash()},
                                               {"key", error.key()}}}});
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
