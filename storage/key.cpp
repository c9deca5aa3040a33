#include "storage/key.hpp"

#include "storage/error.hpp"

namespace pet {
namespace {

constexpr std::size_t kShownBytes = 120;

// What is wrong with a text, and where; found without building any message, since is_key() asks
// about every name in a folder.
struct Finding {
  enum Fault { kNone, kEmpty, kTooLong, kEmptySegment, kHidden, kLongSegment, kCharacter };
  Fault fault = kNone;
  std::string_view at;
};

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

Finding examine_segment(std::string_view segment) {
  if (segment.empty()) return {Finding::kEmptySegment, segment};
  if (segment.front() == '.') return {Finding::kHidden, segment};
  if (segment.size() > kMaxSegmentBytes) return {Finding::kLongSegment, segment};
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (!is_key_character(segment[i])) return {Finding::kCharacter, segment.substr(i, 1)};
  }
  return {};
}

Finding examine_key(std::string_view key) {
  if (key.empty()) return {Finding::kEmpty, key};
  if (key.size() > kMaxKeyBytes) return {Finding::kTooLong, key};
  while (true) {
    const std::size_t slash = key.find('/');
    const Finding finding = examine_segment(key.substr(0, slash));
    if (finding.fault != Finding::kNone || slash == std::string_view::npos) return finding;
    key.remove_prefix(slash + 1);
  }
}

std::string size_beyond(std::size_t size, std::size_t most) {
  return std::to_string(size) + " bytes, the most is " + std::to_string(most);
}

std::string message_of(const Finding& finding) {
  switch (finding.fault) {
    case Finding::kNone:
      return "is valid";
    case Finding::kEmpty:
      return "is empty";
    case Finding::kTooLong:
      return "has " + size_beyond(finding.at.size(), kMaxKeyBytes);
    case Finding::kEmptySegment:
      return "has an empty segment (no '/' at either end, no '//')";
    case Finding::kHidden:
      return "has a segment that begins with '.'";
    case Finding::kLongSegment:
      return "has a segment of " + size_beyond(finding.at.size(), kMaxSegmentBytes);
    case Finding::kCharacter:
      return "has the character " + quoted(finding.at) + ", allowed are A-Z a-z 0-9 . _ - and '/'";
  }
  return {};
}

void throw_if_faulty(const Finding& finding, std::string_view what, std::string_view text) {
  if (finding.fault == Finding::kNone) return;
  throw Error(ErrorCode::kInvalidName,
              std::string(what) + " " + quoted(text.substr(0, kShownBytes)) +
                  (text.size() > kShownBytes ? "…" : "") + " " + message_of(finding) +
                  ": choose a name such as plugins/MyFilter/latest.json",
              {.class_name = {}, .hash = {}, .key = std::string(text)});
}

}  // namespace

bool is_key(std::string_view text) noexcept { return examine_key(text).fault == Finding::kNone; }

void check_key(std::string_view key) { throw_if_faulty(examine_key(key), "storage key", key); }

void check_prefix(std::string_view prefix) {
  if (prefix.empty()) return;
  const std::string_view folder =
      prefix.back() == '/' ? prefix.substr(0, prefix.size() - 1) : prefix;
  throw_if_faulty(examine_key(folder), "storage prefix", prefix);
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
