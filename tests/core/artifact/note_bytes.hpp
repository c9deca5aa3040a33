// Writes notes byte by byte, so that tests can write wrong ones too.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "pet/abi.h"

namespace pet::test {

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

inline std::string u8(int value) { return std::string(1, static_cast<char>(value)); }
inline std::string u16(std::uint16_t value) { return raw(value); }
inline std::string u32(std::uint32_t value) { return raw(value); }
inline std::string text(std::string_view value) {
  return u32(static_cast<std::uint32_t>(value.size())) + std::string(value);
}
inline std::string padded(std::string bytes) {
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}

inline std::string note(std::uint32_t type, const std::string& description,
                        const std::string& name = std::string(PET_NOTE_NAME,
                                                              sizeof PET_NOTE_NAME)) {
  return u32(static_cast<std::uint32_t>(name.size())) +
         u32(static_cast<std::uint32_t>(description.size())) + u32(type) + padded(name) +
         padded(description);
}

inline std::string abi_note() { return note(PET_NOTE_ABI, u16(1) + u16(0)); }
inline std::string class_note(std::string_view name = "MyFilter") {
  return note(PET_NOTE_CLASS, text(name));
}
inline std::string kind_note() { return note(PET_NOTE_KIND, text("filter")); }
inline std::string isa_note() { return note(PET_NOTE_ISA, text("x86-64")); }
inline std::string required_notes() { return abi_note() + class_note() + kind_note() + isa_note(); }

// `value` is the default's bytes; "" when there is none.
inline std::string param(std::uint32_t index, std::string_view name, int type, int flags = 0,
                         const std::string& value = "", std::string_view doc = "") {
  return note(PET_NOTE_PARAM, u32(index) + text(name) + u8(type) + u8(flags) +
                                  u8(value.empty() ? 0 : 1) + value + text(doc));
}

inline std::string null_value() { return u8(PET_TYPE_NULL); }
inline std::string bool_value(int value) { return u8(PET_TYPE_BOOL) + u8(value); }
inline std::string int_value(std::int64_t value) { return u8(PET_TYPE_INT64) + raw(value); }
inline std::string float_value(double value) { return u8(PET_TYPE_FLOAT64) + raw(value); }
inline std::string text_value(std::string_view value) { return u8(PET_TYPE_TEXT) + text(value); }
inline std::string list_value(std::uint32_t count, const std::string& items) {
  return u8(PET_TYPE_LIST) + u32(count) + items;
}
inline std::string object_value(std::uint32_t count, const std::string& fields) {
  return u8(PET_TYPE_OBJECT) + u32(count) + fields;
}

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace pet::test
