// json_position: what stands at the place of an error, for people. Line and column: text_position.hpp.
//
// The text may be anything, also not UTF-8, and lines may be as long as the text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pet {

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
