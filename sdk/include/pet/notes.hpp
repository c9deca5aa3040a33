// The facts of a class as ELF notes, written by the compiler.
//
// A class describes itself by calls on a Writer. The calls are constant expressions and run twice:
// over a writer that only counts, for the size, and over one that fills a std::array of exactly
// that size. All notes of a class are one array, because compilers reorder separate ones. abi.h
// says how the bytes read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pet/abi.h"

namespace pet::detail {

// Counts; `Bytes` keeps them too.
class NoteCounter {
 public:
  constexpr void byte(std::uint8_t) { ++size_; }
  constexpr std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
};

template <std::size_t N>
class NoteBytes {
 public:
  constexpr void byte(std::uint8_t value) { bytes_[size_++] = static_cast<char>(value); }
  constexpr std::size_t size() const { return size_; }
  constexpr std::array<char, N> bytes() const { return bytes_; }

 private:
  std::array<char, N> bytes_{};
  std::size_t size_ = 0;
};

template <class Out>
constexpr void put_number(Out& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.byte(static_cast<std::uint8_t>(value >> (8 * i)));
}

template <class Out>
constexpr void put_text(Out& out, std::string_view text) {
  put_number(out, text.size(), 4);
  for (const char c : text) out.byte(static_cast<std::uint8_t>(c));
}

template <class Out>
constexpr void put_padding(Out& out) {
  while (out.size() % 4 != 0) out.byte(0);
}

// One note: `describe(out)` writes its description.
template <class Out, class Describe>
constexpr void put_note(Out& out, std::uint32_t type, const Describe& describe) {
  constexpr std::string_view kName(PET_NOTE_NAME, sizeof(PET_NOTE_NAME));  // with its NUL
  NoteCounter counter;
  describe(counter);
  put_number(out, kName.size(), 4);
  put_number(out, counter.size(), 4);
  put_number(out, type, 4);
  for (const char c : kName) out.byte(static_cast<std::uint8_t>(c));
  put_padding(out);
  describe(out);
  put_padding(out);
}

template <class Out>
constexpr void put_text_note(Out& out, std::uint32_t type, std::string_view text) {
  put_note(out, type, [text](auto& to) { put_text(to, text); });
}

// ---- what the compiler was told ----

// The lowest level of the architecture that has every instruction the compiler was allowed to use.
// FACTS of binaries do not tell: -march leaves no trace in the file.
constexpr std::string_view isa_level() {
#if defined(__x86_64__) || defined(_M_X64)
#if defined(__AVX512F__) || defined(__AVX512VL__)
  return "x86-64-v4";
#elif defined(__AVX2__) || defined(__AVX__) || defined(__FMA__) || defined(__BMI__) || \
    defined(__BMI2__) || defined(__F16C__) || defined(__LZCNT__) || defined(__MOVBE__)
  return "x86-64-v3";
#elif defined(__SSE3__) || defined(__SSSE3__) || defined(__SSE4_1__) || defined(__SSE4_2__) || \
    defined(__POPCNT__)
  return "x86-64-v2";
#else
  return "x86-64";
#endif
#elif defined(__aarch64__) || defined(_M_ARM64)
  return "aarch64";
#else
#error "PetFactory knows no name for this architecture: add one to pet/notes.hpp"
#endif
}

#define PET_STRINGIZE_(x) #x
#define PET_STRINGIZE(x) PET_STRINGIZE_(x)

// Major and minor version only: a distribution's patch suffix would change the hash and say
// nothing.
constexpr std::string_view compiler_name() {
#if defined(__clang__)
#define PET_COMPILER_ "clang " PET_STRINGIZE(__clang_major__) "." PET_STRINGIZE(__clang_minor__)
#elif defined(__GNUC__)
#define PET_COMPILER_ "g++ " PET_STRINGIZE(__GNUC__) "." PET_STRINGIZE(__GNUC_MINOR__)
#else
#define PET_COMPILER_ "unknown compiler"
#endif
#if defined(_LIBCPP_VERSION)
  return PET_COMPILER_ ", libc++";
#elif defined(_GLIBCXX_DEBUG)
  return PET_COMPILER_ ", libstdc++ with _GLIBCXX_DEBUG";
#elif defined(__GLIBCXX__)
  return PET_COMPILER_ ", libstdc++";
#else
  return PET_COMPILER_;
#endif
#undef PET_COMPILER_
}

// ---- names ----

// [A-Za-z_][A-Za-z0-9_]*, at most 128 characters: what storage keys, configs and file names agree
// on.
constexpr bool is_class_name(std::string_view name) {
  if (name.empty() || name.size() > 128 || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

}  // namespace pet::detail
