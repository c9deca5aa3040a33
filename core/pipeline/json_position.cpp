#include "core/pipeline/json_position.hpp"

#include <algorithm>
#include <cstdio>

#include "core/text_position.hpp"

namespace pet {
namespace {

constexpr std::size_t kExcerptCharacters = 70;

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// The size of the well-formed UTF-8 sequence that `text` begins with; 0 when there is none.
std::size_t sequence_size(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xC2 && first <= 0xDF   ? 2
                           : first >= 0xE0 && first <= 0xEF ? 3
                           : first >= 0xF0 && first <= 0xF4 ? 4
                                                            : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if (!continues(text[i])) return 0;
  }
  // The second byte excludes overlong forms, surrogates and what lies beyond U+10FFFF.
  const unsigned second = at(1);
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return size;
}

// Control characters and broken UTF-8 would spoil a terminal.
std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = sequence_size(text);
    const bool control =
        size == 1 && (static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7F);
    if (control) {
      out += ' ';
    } else if (size == 0) {
      out += "\uFFFD";
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

}  // namespace

std::string excerpt_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto newline = before.rfind('\n');
  std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
  std::size_t end = std::min(text.find('\n', offset), text.size());
  if (end > start && text[end - 1] == '\r') --end;
  if (end <= start) return {};
  offset = std::min(offset, end);
  // Cut at characters, and say where something was left out.
  const bool cut_left = offset - start > kExcerptCharacters / 2;
  if (cut_left) start = offset - kExcerptCharacters / 2;
  while (cut_left && start < offset && continues(text[start])) ++start;
  const bool cut_right = end - start > kExcerptCharacters;
  if (cut_right) end = std::max(offset, start + kExcerptCharacters);
  while (cut_right && end > offset && end < text.size() && continues(text[end])) --end;
  const std::string left = (cut_left ? "…" : "") + printable(text.substr(start, offset - start));
  const std::string right = printable(text.substr(offset, end - offset)) + (cut_right ? "…" : "");
  return "\n  " + left + right + "\n  " + std::string(count_characters(left), ' ') + "^";
}

std::string shown_character(std::string_view text, std::size_t offset) {
  if (offset >= text.size()) return "the end of the text";
  const std::size_t size = sequence_size(text.substr(offset));
  const auto byte = static_cast<unsigned char>(text[offset]);
  if (byte == '\n' || byte == '\r') return "a line break";
  char code[16];
  if (size == 0) {
    std::snprintf(code, sizeof code, "byte 0x%02X", byte);
    return code;
  }
  if (byte < 0x20 || byte == 0x7F) {
    std::snprintf(code, sizeof code, "U+%04X", byte);
    return code;
  }
  return byte == '\'' ? "a single quote" : "'" + std::string(text.substr(offset, size)) + "'";
}

std::string shown_text(std::string_view text) {
  constexpr std::size_t kShown = 60;
  if (text.size() <= kShown) return '"' + printable(text) + '"';
  std::size_t end = kShown;
  while (end > 0 && continues(text[end])) --end;
  return '"' + printable(text.substr(0, end)) + "…\"";
}

std::size_t opening_quote(std::string_view text, std::size_t end) noexcept {
  // Every quote inside a text is escaped: the nearest one after an even number of backslashes opens
  // it.
  std::size_t at = std::min(end, text.size());
  if (at > 0) --at;  // the closing quote
  while (at > 0) {
    --at;
    if (text[at] != '"') continue;
    std::size_t backslashes = 0;
    while (backslashes < at && text[at - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return at;
  }
  return at;
}

}  // namespace pet
