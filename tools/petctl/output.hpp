// How petctl prints: lines and tables for people, errors on stderr. With --json, stdout has exactly
// one JSON document, whatever happens: what the verb says, or an object with "error".
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/loader/param_value.hpp"
#include "storage/error.hpp"

namespace pet::tools {

// A text of somebody's, a log message say, fit for one line of a terminal: control characters as
// \xNN, so that nothing in it moves the cursor or begins a row of its own.
std::string one_line(std::string_view text);

// The same for a message of several lines: those after the first are indented, so that none of them
// can be taken for a message of petctl's.
std::string paragraph(std::string_view text);

// Newlines in it are meant; other control characters are escaped. What comes from storage or from
// a plugin passes one_line() first.
void print_line(const std::string& line);

// How a result is marked on a terminal that has colours, unless NO_COLOR is set.
enum class Mark { kGood, kDoubtful, kBad, kNone };

// "  mark  rest": `mark` in its colour, and `rest` as in print_line. It is there at once.
void print_marked(Mark mark, std::string word, const std::string& rest);

// A text that is a document of its own, as it is.
void print_document(const std::string& text);

// NaN and infinities are null there, and a text that is not UTF-8 is quoted and escaped: strict
// JSON.
void print_json(const ParamValue& document);

// The object of a JSON text about a class, as petctl prints it: what facts call "class_name" is
// "class" in all its documents.
ParamObject class_document(const std::string& json);

// Rows of cells, columns aligned; the first row is the header. Control characters are escaped.
void print_table(const std::vector<std::vector<std::string>>& table);

// What `print_error` puts under "error": {code, message, class, hash, key}.
ParamObject error_json(const Error& error);

// "warning: …" on stderr.
void print_warning(const std::string& text);

// From here on stdout holds what print_document and print_json print and nothing else: what a
// plugin prints there goes to stderr.
void reserve_stdout();

// "error: …" on stderr; with json, also `report` on stdout, with error_json beside what it has.
void print_error(const Error& error, bool json, ParamObject report = {});

// An error of a verb that has something to report all the same, for programs.
class ReportedError : public Error {
 public:
  ReportedError(const Error& error, ParamObject report)
      : ReportedError(error, std::move(report), pet::exit_status(error.code())) {}
  ReportedError(const Error& error, ParamObject report, int exit_status)
      : Error(error), report_(std::move(report)), exit_status_(exit_status) {}
  const ParamObject& report() const noexcept { return report_; }
  int exit_status() const noexcept { return exit_status_; }

 private:
  ParamObject report_;
  int exit_status_;
};

// "\n  did you mean 'push'?" for the end of a message; empty when nothing is close.
std::string suggestion(const std::string& wanted, const std::vector<std::string>& known);

// 0, or 1 with a message when stdout could not take what was printed (a full disk, a closed pipe).
int flush_output();

}  // namespace pet::tools
