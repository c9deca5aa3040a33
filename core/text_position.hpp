// TextPosition: where in a text something stands, for people.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pet {

struct TextPosition {
  std::size_t line = 1;    // from 1
  std::size_t column = 1;  // from 1, in characters
};

// Of the byte at `offset`. The text may be anything, also not UTF-8.
TextPosition position_of(std::string_view text, std::size_t offset) noexcept;

std::string to_string(const TextPosition& position);  // "line 3, column 14"

// Characters of UTF-8; each byte that begins none is left out.
std::size_t count_characters(std::string_view text) noexcept;

}  // namespace pet
