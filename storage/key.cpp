#include "storage/key.hpp"

#include "storage/error.hpp"

namespace pet {
namespace {

constexpr std::size_t kShownBytes = 120;

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

// What is wrong with `segment`; empty when nothing is.
std::string fault_of_segment(std::string_view segment) {
  if (segment.empty()) return "has an empty segment (no '/' at either end, no '//')";
  if (segment.front() == '.') return "has a segment that begins with '.'";
  if (segment.size() > kMaxSegmentBytes) {
    return "has a segment of " + std::to_string(segment.size()) + " bytes, the most is " +
           std::to_string(kMaxSegmentBytes);
  }
  for (const char c : segment) {
    if (!is_key_character(c)) {
      return "has the character " + quoted({&c, 1}) + ", allowed are A-Z a-z 0-9 . _ - and '/'";
    }
  }
  return {};
}

std::string fault_of_key(std::string_view key) {
  if (key.empty()) return "is empty";
  if (key.size() > kMaxKeyBytes) {
    return "has " + std::to_string(key.size()) + " bytes, the most is " +
           std::to_string(kMaxKeyBytes);
  }
  while (true) {
    const std::size_t end = key.find('/');
    if (std::string fault = fault_of_segment(key.substr(0, end)); !fault.empty()) return fault;
    if (end == std::string_view::npos) return {};
    key.remove_prefix(end + 1);
  }
}

void throw_unless_empty(std::string_view what, std::string_view text, const std::string& fault) {
  if (fault.empty()) return;
  throw Error(ErrorCode::kInvalidName,
              std::string(what) + " " + quoted(text.substr(0, kShownBytes)) +
                  (text.size() > kShownBytes ? "…" : "") + " " + fault +
                  ": choose a name such as plugins/MyFilter/latest.json",
              {.class_name = {}, .hash = {}, .key = std::string(text)});
}

}  // namespace

void check_key(std::string_view key) { throw_unless_empty("storage key", key, fault_of_key(key)); }

void check_prefix(std::string_view prefix) {
  if (prefix.empty()) return;
  const std::string_view folder =
      prefix.back() == '/' ? prefix.substr(0, prefix.size() - 1) : prefix;
  throw_unless_empty("storage prefix", prefix, fault_of_key(folder));
}

std::string quoted(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string result = "'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      result += c;
    } else {
      result += "\\x";
      result += kDigits[byte >> 4];
      result += kDigits[byte & 15];
    }
  }
  return result + "'";
}

}  // namespace pet
