#include "core/artifact/note_reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "pet/abi.h"
#include "storage/key.hpp"

namespace pet {
namespace {

constexpr int kMaxDepth = 8;

template <class T>
T little_endian(const std::byte* bytes) noexcept {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | static_cast<T>(static_cast<T>(bytes[i]) << (8 * i)));
  }
  return value;
}

// Length of the UTF-8 sequence at the beginning of `text`, by the table of the Unicode standard (which excludes overlong
// forms, surrogates and what lies beyond U+10FFFF); 0 when there is none.
std::size_t utf8_length(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i) { return i < text.size() && (at(i) & 0xC0) == 0x80; };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xE0 && at(1) < 0xA0) return 0;
    if (first == 0xED && at(1) > 0x9F) return 0;
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (first == 0xF0 && at(1) < 0x90) return 0;
    if (first == 0xF4 && at(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

[[noreturn]] void throw_cut_off() { throw MalformedNotes{ErrorCode::kCorrupt, "they are cut off"}; }

bool unique_keys(const FactObject& fields) {
  std::vector<std::string_view> keys;
  for (const FactField& field : fields) keys.push_back(field.key);
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) == keys.end();
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool NoteWalk::next() {
  if (rest_.empty()) return false;
  const std::span<const std::byte> header = take(12);
  const auto name_size = little_endian<std::uint32_t>(header.data());
  const auto description_size = little_endian<std::uint32_t>(header.data() + 4);
  type_ = little_endian<std::uint32_t>(header.data() + 8);
  name_ = take(name_size);
  description_ = take(description_size);
  return true;
}

// The padding to 4 bytes goes too; at the very end it may be missing.
std::span<const std::byte> NoteWalk::take(std::size_t size) {
  if (size > rest_.size()) throw_cut_off();
  const std::span<const std::byte> taken = rest_.first(size);
  const std::size_t padded = (size + 3) & ~std::size_t{3};
  rest_ = rest_.subspan(std::min(padded, rest_.size()));
  return taken;
}

bool NoteWalk::is_ours() const noexcept {
  return name_.size() == sizeof PET_NOTE_NAME &&
         std::memcmp(name_.data(), PET_NOTE_NAME, sizeof PET_NOTE_NAME) == 0;
}

template <class T>
T NoteReader::number() {
  if (rest_.size() < sizeof(T)) fail("is cut off");
  const T value = little_endian<T>(rest_.data());
  rest_ = rest_.subspan(sizeof(T));
  return value;
}

std::uint8_t NoteReader::u8() { return number<std::uint8_t>(); }
std::uint16_t NoteReader::u16() { return number<std::uint16_t>(); }
std::uint32_t NoteReader::u32() { return number<std::uint32_t>(); }

bool NoteReader::flag() {
  const std::uint8_t byte = u8();
  if (byte > 1) fail("has " + std::to_string(byte) + " where 0 or 1 is expected");
  return byte == 1;
}

std::string NoteReader::text() {
  const std::uint32_t size = u32();
  if (size > rest_.size()) fail("is cut off");
  const std::string_view bytes(reinterpret_cast<const char*>(rest_.data()), size);
  if (!is_utf8(bytes)) fail("has a text that is not UTF-8");
  rest_ = rest_.subspan(size);
  return std::string(bytes);
}

std::string NoteReader::line() {
  std::string text = this->text();
  if (std::any_of(text.begin(), text.end(), is_control)) fail("has control characters");
  return text;
}

std::string NoteReader::word() {
  std::string text = line();
  if (text.empty() || text.find(' ') != std::string::npos) {
    fail("has " + pet::quoted(text) + " where one word is expected");
  }
  return text;
}

FactValue NoteReader::value() { return value(1); }

FactValue NoteReader::value(int depth) {
  if (depth > kMaxDepth) fail("has a value nested deeper than " + std::to_string(kMaxDepth));
  const std::uint8_t type = u8();
  switch (type) {
    case PET_TYPE_NULL:
      return {std::monostate{}};
    case PET_TYPE_BOOL:
      return {flag()};
    case PET_TYPE_INT64:
      return {std::bit_cast<std::int64_t>(number<std::uint64_t>())};
    case PET_TYPE_FLOAT64:
      return {std::bit_cast<double>(number<std::uint64_t>())};
    case PET_TYPE_TEXT:
      return {text()};
    case PET_TYPE_LIST:
      return {list(depth)};
    case PET_TYPE_OBJECT:
      return {object(depth)};
    default:
      fail("has a value of the unknown type " + std::to_string(type));
  }
}

FactList NoteReader::list(int depth) {
  FactList items;
  for (std::uint32_t left = u32(); left > 0; --left) items.push_back(value(depth + 1));
  return items;
}

FactObject NoteReader::object(int depth) {
  FactObject fields;
  for (std::uint32_t left = u32(); left > 0; --left) {
    std::string key = text();
    fields.push_back({std::move(key), value(depth + 1)});
  }
  if (!unique_keys(fields)) fail("has an object with a key twice");
  return fields;
}

void NoteReader::require_end() const {
  if (!rest_.empty()) fail("is " + std::to_string(rest_.size()) + " bytes too long");
}

void NoteReader::fail(const std::string& what) const {
  throw MalformedNotes{ErrorCode::kCorrupt, std::string("the ") + title_ + " note " + what};
}

void NoteReader::fail_name(std::string_view name) const {
  throw MalformedNotes{
      ErrorCode::kInvalidName,
      "the class is named " + pet::quoted(name) +
          ": expected a letter or '_', then letters, digits and '_', 128 characters at most"};
}

}  // namespace pet
