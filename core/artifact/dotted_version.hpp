// Comparing versions like "2.36" and "3.4.21" by number, not by letter. Internal to this room.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pet {

using DottedVersion = std::array<std::uint32_t, 4>;  // missing parts are 0

// Nothing unless `text` is one to four numbers with dots in between.
inline std::optional<DottedVersion> parse_dotted(std::string_view text) noexcept {
  DottedVersion parts{};
  std::size_t part = 0;
  bool digit_before = false;
  for (const char c : text) {
    if (c == '.') {
      if (!digit_before || ++part == parts.size()) return std::nullopt;
      digit_before = false;
    } else if (c >= '0' && c <= '9' && parts[part] < 1000000) {
      parts[part] = parts[part] * 10 + static_cast<std::uint32_t>(c - '0');
      digit_before = true;
    } else {
      return std::nullopt;
    }
  }
  if (!digit_before) return std::nullopt;
  return parts;
}

}  // namespace pet
