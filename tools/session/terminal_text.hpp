// terminal_text: texts of others, fit for a terminal or a log.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pet::tools {

// A text of somebody's, a log message say, fit for one line of a terminal: control characters as
// \xNN, so that nothing in it moves the cursor or begins a row of its own.
std::string one_line(std::string_view text);

// The same for a message of several lines: those after the first are indented, so that none of them
// can be taken for a message of petctl's.
std::string paragraph(std::string_view text);

// The same where each newline is meant.
std::string lines(std::string_view text);

// "\n  did you mean 'push'?" for the end of a message; empty when nothing is close.
std::string suggestion(const std::string& wanted, const std::vector<std::string>& known);

}  // namespace pet::tools
