// One pass over the whole text. A field is first looked for as what it nearly always is, bytes up
// to the next comma or line break; only one that begins with a quote is copied.
#include "tools/data/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/artifact/note_reader.hpp"
#include "core/near_miss.hpp"
#include "tools/data/data_file.hpp"
#include "tools/data/labels.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;

struct CsvField {
  std::string_view text;
  bool quoted = false;  // what is quoted is a text as it is, spaces and digits too
};

class CsvScanner {
 public:
  CsvScanner(std::string_view text, const fs::path& path) : rest_(text), path_(path) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  // The next record's start; false at the end. Passes blank lines over.
  bool next_record();
  // The next field of the record; false after its last. Good until the next call.
  bool next_field(CsvField& field);

  std::size_t line() const { return line_; }  // of the record's start

 private:
  std::string_view quoted_field();
  void end_field();

  std::string_view rest_;
  const fs::path& path_;
  std::string unquoted_;
  std::size_t line_ = 0;
  std::size_t next_line_ = 1;
  bool more_fields_ = false;
};

bool CsvScanner::next_record() {
  while (rest_.starts_with('\n') || rest_.starts_with("\r\n")) {
    rest_.remove_prefix(rest_.front() == '\n' ? 1 : 2);
    ++next_line_;
  }
  line_ = next_line_;
  more_fields_ = !rest_.empty();
  return more_fields_;
}

bool CsvScanner::next_field(CsvField& field) {
  if (!more_fields_) return false;
  field.quoted = rest_.starts_with('"');
  if (field.quoted) {
    field.text = quoted_field();
  } else {
    std::size_t size = 0;
    while (size < rest_.size() && rest_[size] != ',' && rest_[size] != '\n') ++size;
    field.text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    const bool at_end = rest_.empty() || rest_.front() == '\n';
    if (at_end && field.text.ends_with('\r')) field.text.remove_suffix(1);
  }
  end_field();
  return true;
}

void CsvScanner::end_field() {
  more_fields_ = rest_.starts_with(',');
  if (!more_fields_ && !rest_.empty()) ++next_line_;
  if (!rest_.empty()) rest_.remove_prefix(1);
}

std::string_view CsvScanner::quoted_field() {
  unquoted_.clear();
  const std::size_t first_line = next_line_;
  rest_.remove_prefix(1);
  for (;;) {
    const std::size_t quote = rest_.find('"');
    if (quote == std::string_view::npos) {
      refuse_content(
          path_, "line " + std::to_string(first_line) + ": a quoted field has no closing quote");
    }
    const std::string_view piece = rest_.substr(0, quote);
    unquoted_ += piece;
    next_line_ += static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
    rest_.remove_prefix(quote + 1);
    if (!rest_.starts_with('"')) break;
    unquoted_ += '"';
    rest_.remove_prefix(1);
  }
  if (rest_.starts_with("\r\n") || rest_ == "\r") rest_.remove_prefix(1);
  if (!rest_.empty() && rest_.front() != ',' && rest_.front() != '\n') {
    refuse_content(path_, "line " + std::to_string(next_line_) +
                              ": expected a comma or the line's end after a quoted field");
  }
  return unquoted_;
}

std::string_view trimmed(std::string_view field) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!field.empty() && is_space(field.front())) field.remove_prefix(1);
  while (!field.empty() && is_space(field.back())) field.remove_suffix(1);
  if (field.size() > 1 && field[0] == '+' && field[1] != '-') field.remove_prefix(1);
  return field;
}

// The whole field as a number, or nothing.
template <class T>
std::optional<T> number_in(std::string_view field) {
  T value{};
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size()) return std::nullopt;
  return value;
}

// Whether the whole field is a number, perhaps one beyond float64.
bool is_numeric(std::string_view field) {
  double ignored;
  const char* end = field.data() + field.size();
  const auto read = std::from_chars(field.data(), end, ignored);
  return read.ec != std::errc::invalid_argument && read.ptr == end;
}

template <class T>
XYData tensor_of(const std::vector<T>& values, const Shape& shape) {
  return XYData::mock(values, shape);
}

class CsvReader {
 public:
  CsvReader(std::string_view text, const fs::path& path, const std::string& target)
      : scanner_(text, path), path_(path), target_(target) {}

  Table read();
  std::vector<std::string> columns();

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  void read_header();
  void find_target();
  void read_row();
  double number(std::string_view field, std::size_t column) const;
  bool quotes_numbers() const;
  void add_target(CsvField field);
  void add_number(std::string_view field);
  void add_label(CsvField field);

  CsvScanner scanner_;
  const fs::path& path_;
  const std::string& target_;
  std::vector<std::string> names_;
  std::size_t target_column_ = kNone;
  bool quotes_mean_text_ = true;
  std::int64_t rows_ = 0;
  std::vector<double> x_;
  std::vector<double> y_;
  std::vector<std::int64_t> integers_;  // y as well, as long as all are integers
  bool all_integers_ = true;
  std::vector<std::string> labels_;  // y, instead, when it is texts
};

void CsvReader::read_header() {
  if (!scanner_.next_record())
    refuse_content(path_, "is empty; expected a header row of column names");
  CsvField field;
  bool numbers_only = true;
  while (scanner_.next_field(field)) {
    names_.emplace_back(field.quoted ? field.text : trimmed(field.text));
    numbers_only = numbers_only && number_in<double>(trimmed(field.text));
  }
  const std::string where = "line " + std::to_string(scanner_.line()) + ": ";
  if (numbers_only)
    refuse_content(path_, where + "expected a header row of column names, found numbers");
  if (names_.size() == 1 && names_[0].find_first_of(";\t") != std::string::npos) {
    refuse_content(path_, where + "expected commas between the columns, found '" +
                              (names_[0].find(';') == std::string::npos ? "tab" : ";") + "'");
  }
}

void CsvReader::find_target() {
  if (target_.empty()) return;
  const auto found = std::find(names_.begin(), names_.end(), target_);
  if (found == names_.end()) {
    const std::string hint = did_you_mean(target_, names_);
    std::string all;
    for (const std::string& name : names_) {
      if (all.size() < 300) all += (all.empty() ? "" : ", ") + name;
    }
    refuse_file(path_,
                "no column '" + target_ + "': " + (hint.empty() ? "the columns are " + all : hint));
  }
  if (std::find(found + 1, names_.end(), target_) != names_.end()) {
    refuse_content(path_, "the column '" + target_ + "' stands twice in the header");
  }
  target_column_ = static_cast<std::size_t>(found - names_.begin());
}

double CsvReader::number(std::string_view field, std::size_t column) const {
  field = trimmed(field);
  if (const std::optional<double> value = number_in<double>(field)) return *value;
  double ignored;
  const char* end = field.data() + field.size();
  const bool range =
      std::from_chars(field.data(), end, ignored).ec == std::errc::result_out_of_range;
  const std::string shown(field.substr(0, 60));
  refuse_content(path_, "column '" + names_[column] + "', line " + std::to_string(scanner_.line()) +
                            ": " +
                            (field.empty() ? "is empty; expected a number"
                             : range       ? "'" + shown + "' is beyond float64"
                                           : "'" + shown + "' is not a number"));
}

// Some programs put every field in quotes, the numbers of x too: there, quotes say nothing.
bool CsvReader::quotes_numbers() const {
  CsvScanner ahead = scanner_;
  CsvField field;
  for (std::size_t column = 0; ahead.next_field(field); ++column) {
    if (column != target_column_ && field.quoted) return true;
  }
  return false;
}

// The first value decides: a text among numbers is a mistake more often than a label.
void CsvReader::add_target(CsvField field) {
  field.quoted = field.quoted && quotes_mean_text_;
  if (!field.quoted) field.text = trimmed(field.text);
  const bool is_text = rows_ == 0 ? field.quoted || (!field.text.empty() && !is_numeric(field.text))
                                  : !labels_.empty();
  if (is_text) return add_label(field);
  if (field.quoted) {
    refuse_content(path_, "column '" + names_[target_column_] + "', line " +
                              std::to_string(scanner_.line()) + ": '" +
                              std::string(field.text.substr(0, 60)) +
                              "' is a text, being quoted; the first value is a number");
  }
  add_number(field.text);
}

void CsvReader::add_label(CsvField field) {
  const std::string where =
      "column '" + names_[target_column_] + "', line " + std::to_string(scanner_.line()) + ": ";
  if (!field.quoted && field.text.empty()) {
    refuse_content(path_, where + "is empty; expected a label");
  }
  if (!field.quoted && is_numeric(field.text)) {
    refuse_content(path_, where + "'" + std::string(field.text.substr(0, 60)) +
                              "' is a number; the first value is the label '" + labels_.front() +
                              "'");
  }
  if (!is_utf8(field.text)) refuse_content(path_, where + "the label is not UTF-8");
  labels_.emplace_back(field.text);
}

void CsvReader::add_number(std::string_view field) {
  y_.push_back(number(field, target_column_));
  if (!all_integers_) return;
  if (const auto integer = number_in<std::int64_t>(field)) {
    integers_.push_back(*integer);
  } else {
    all_integers_ = false;
  }
}

void CsvReader::read_row() {
  if (rows_ == 0 && target_column_ != kNone) quotes_mean_text_ = !quotes_numbers();
  CsvField field;
  std::size_t column = 0;
  for (; scanner_.next_field(field); ++column) {
    if (column >= names_.size()) continue;  // only counted
    if (column == target_column_) {
      add_target(field);
    } else {
      x_.push_back(number(field.text, column));
    }
  }
  if (column != names_.size()) {
    refuse_content(path_, "line " + std::to_string(scanner_.line()) + ": " +
                              std::to_string(column) + " fields, the header has " +
                              std::to_string(names_.size()));
  }
  ++rows_;
}

Table CsvReader::read() {
  read_header();
  find_target();
  while (scanner_.next_record()) read_row();
  Table table;
  if (target_column_ != kNone) {
    names_.erase(names_.begin() + static_cast<std::ptrdiff_t>(target_column_));
    if (!labels_.empty()) {
      Targets targets = targets_of(labels_);
      table.y = std::move(targets.y);
      table.labels = std::move(targets.labels);
    } else {
      table.y = all_integers_ ? tensor_of(integers_, {rows_}) : tensor_of(y_, {rows_});
    }
  }
  table.x = tensor_of(x_, {rows_, static_cast<std::int64_t>(names_.size())});
  table.columns = std::move(names_);
  return table;
}

std::vector<std::string> CsvReader::columns() {
  read_header();
  return std::move(names_);
}

// In quotes where a reader would take it for something else: a blank line, a number.
void append_text(std::string& out, std::string_view text) {
  const bool is_plain = !text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos;
  if (is_plain && trimmed(text) == text && !is_numeric(text)) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  out += '"';
}

template <class T>
void append_number(std::string& out, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? '1' : '0';
  } else {
    char buffer[32];
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  }
}

}  // namespace

Table read_csv(const fs::path& path, const std::string& target) {
  return CsvReader(read_all(path), path, target).read();
}

std::vector<std::string> read_csv_columns(const fs::path& path) {
  const std::string text = read_all(path);
  return CsvReader(text, path, {}).columns();
}

void write_csv(const fs::path& path, const std::vector<std::string>& texts) {
  std::string out = "prediction\n";
  for (const std::string& text : texts) {
    append_text(out, text);
    out += '\n';
  }
  DataWriter file(path);
  file.write(out.data(), out.size());
  file.finish();
}

void write_csv(const fs::path& path, const XYData& data) {
  const std::int64_t columns = data.columns();
  std::string out;
  for (std::int64_t j = 0; j < columns; ++j) {
    out += j == 0 ? "prediction" : ",prediction";
    if (columns > 1) out += "_" + std::to_string(j);
  }
  out += '\n';
  DataWriter file(path);
  data.visit([&](auto sample) {
    using T = decltype(sample);
    std::int64_t column = 0;
    for (const T value : data.value<T>()) {
      append_number(out, value);
      const bool last = ++column == columns;
      out += last ? '\n' : ',';
      if (last) column = 0;
      if (out.size() < (std::size_t{1} << 20)) continue;
      file.write(out.data(), out.size());
      out.clear();
    }
  });
  file.write(out.data(), out.size());
  file.finish();
}

}  // namespace pet::tools
