#include "tools/petctl/output.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/artifact/note_reader.hpp"
#include "core/near_miss.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/key.hpp"
#include "tools/petctl/progress_line_posix.hpp"
#include "tools/petctl/take_stdout_posix.hpp"

namespace pet::tools {
namespace {

// The bytes at the start of `text` that a terminal would obey, 0 when it prints what stands there:
// the controls of ASCII and of Latin-1, what changes the direction or the line, and, where the text
// is not UTF-8, any byte beyond ASCII, since a terminal may take it for one of Latin-1.
std::size_t control_bytes(std::string_view text, bool utf8) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  if (byte(0) < 0x20 || byte(0) == 0x7F) return 1;
  if (!utf8) return byte(0) >= 0x80 ? 1 : 0;
  if (byte(0) == 0xC2 && byte(1) < 0xA0) return 2;
  if (byte(0) != 0xE2) return 0;
  const bool turns = byte(1) == 0x80 && byte(2) >= 0xA8 && byte(2) <= 0xAE;
  const bool isolates = byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;
  return turns || isolates ? 3 : 0;
}

enum class Newline { kEscape, kKeep };

std::string escaped(std::string_view text, Newline newline) {
  const bool utf8 = is_utf8(text);
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t size = control_bytes(text.substr(i), utf8);
    if (size == 0 || (text[i] == '\n' && newline == Newline::kKeep)) {
      out += text[i++];
      continue;
    }
    for (; size > 0; --size, ++i) {
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(text[i]));
      out += code;
    }
  }
  return out;
}

// Where documents go: stdout, or what reserve_stdout() made of it.
std::FILE* document_stream = nullptr;

void write_document(const std::string& text) {
  std::FILE* const out = document_stream == nullptr ? stdout : document_stream;
  std::fwrite(text.data(), 1, text.size(), out);
  std::fputc('\n', out);
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

std::string one_line(std::string_view text) { return escaped(text, Newline::kEscape); }

std::string paragraph(std::string_view text) {
  std::string out = escaped(text, Newline::kKeep);
  for (std::size_t at = out.find('\n'); at != std::string::npos; at = out.find('\n', at + 1)) {
    if (out.compare(at + 1, 2, "  ") != 0) out.insert(at + 1, "  ");
  }
  return out;
}

void print_line(const std::string& line) {
  const std::string text = escaped(line, Newline::kKeep);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fputc('\n', stdout);
}

void print_marked(Mark mark, std::string word, const std::string& rest) {
  constexpr std::array kColours{"\x1b[32m", "\x1b[33m", "\x1b[31m", ""};
  const char* const no_colour = std::getenv("NO_COLOR");  // no-color.org: unless it is empty
  const bool coloured = (no_colour == nullptr || *no_colour == '\0') && stdout_has_colours();
  const char* const colour = coloured ? kColours.at(static_cast<std::size_t>(mark)) : "";
  constexpr std::size_t kWidth = 8;
  word.resize(std::max(kWidth, word.size()), ' ');
  std::fprintf(stdout, "  %s%s%s ", colour, word.c_str(), *colour == '\0' ? "" : "\x1b[0m");
  print_line(rest);
  std::fflush(stdout);
}

void print_document(const std::string& text) { write_document(text); }

void print_json(const ParamValue& document) { write_document(to_json(strict(document))); }

ParamObject class_document(const std::string& json) {
  const ParamValue parsed = parse_json(json);
  ParamObject document;
  for (const auto& [key, field] : parsed.as_object().fields()) {
    document.append(key == "class_name" ? "class" : key, field);
  }
  return document;
}

void print_warning(const std::string& text) {
  erase_progress_line();
  std::fprintf(stderr, "warning: %s\n", paragraph(text).c_str());
}

void reserve_stdout() {
  if (document_stream == nullptr) document_stream = take_stdout();
}

void print_table(const std::vector<std::vector<std::string>>& table) {
  std::vector<std::vector<std::string>> rows = table;
  std::vector<std::size_t> widths;
  for (auto& row : rows) {
    for (std::string& cell : row) cell = one_line(cell);
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
  std::fflush(stdout);  // what was printed stands before it
  std::fprintf(stderr, "error: %s\n", paragraph(error.what()).c_str());
  if (!json) return;
  report.set("error", error_json(error));
  print_json(report);
}

std::string suggestion(const std::string& wanted, const std::vector<std::string>& known) {
  const std::string text = did_you_mean(wanted, known);
  return text.empty() ? text : "\n  " + text;
}

int flush_output() {
  const auto flushed = [](std::FILE* out) { return std::fflush(out) == 0 && !std::ferror(out); };
  if (flushed(stdout) && (document_stream == nullptr || flushed(document_stream))) return 0;
  std::perror("error: cannot write to stdout");
  return 1;
}

}  // namespace pet::tools
