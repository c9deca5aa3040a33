#include "tools/session/terminal_text.hpp"

#include <cstdio>

#include "core/artifact/note_reader.hpp"
#include "core/near_miss.hpp"

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

}  // namespace

std::string one_line(std::string_view text) { return escaped(text, Newline::kEscape); }

std::string lines(std::string_view text) { return escaped(text, Newline::kKeep); }

std::string paragraph(std::string_view text) {
  std::string out = escaped(text, Newline::kKeep);
  for (std::size_t at = out.find('\n'); at != std::string::npos; at = out.find('\n', at + 1)) {
    if (out.compare(at + 1, 2, "  ") != 0) out.insert(at + 1, "  ");
  }
  return out;
}

std::string suggestion(const std::string& wanted, const std::vector<std::string>& known) {
  const std::string text = did_you_mean(wanted, known);
  return text.empty() ? text : "\n  " + text;
}

}  // namespace pet::tools
