// json_position: where in a text an error stands, for people: line, column, and the line itself.
//
// The text may be anything, also not UTF-8, and lines may be as long as the text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pet {

struct TextPosition {
  std::size_t line = 1;    // from 1
  std::size_t column = 1;  // from 1, in characters
};

TextPosition position_of(std::string_view text, std::size_t offset) noexcept;

// The line at `offset`, cut to some 70 characters about it, with a caret below; begins with a line
// break. Empty when the line is.
std::string excerpt_at(std::string_view text, std::size_t offset);

// What stands at `offset`: "'x'", "a line break", "U+0007", "byte 0xFF" or "the end of the text".
std::string shown_character(std::string_view text, std::size_t offset);

// A text for a message: in double quotes, cut after some 60 characters, fit for a terminal.
std::string shown_text(std::string_view text);

// The offset of the quote that opens the JSON text which ends before `end`.
std::size_t opening_quote(std::string_view text, std::size_t end) noexcept;

}  // namespace pet
