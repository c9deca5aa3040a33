// The bytes of notes: NoteWalk goes from note to note, NoteReader reads one note's description. Internal to this room.
//
// Both work on borrowed bytes and throw MalformedNotes, whose reason does not say whose notes they are: that
// is known one level up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/artifact/fact_value.hpp"
#include "core/artifact/notes.hpp"
#include "storage/error.hpp"

namespace pet {

struct MalformedNotes {
  ErrorCode code;
  std::string reason;
};

// The facts of the notes of ours, or nothing when there is none. read_notes() and read_facts() word its errors.
std::optional<ClassFacts> parse_notes(std::span<const std::byte> notes);

bool is_utf8(std::string_view text) noexcept;

class NoteWalk {
 public:
  explicit NoteWalk(std::span<const std::byte> notes) noexcept : rest_(notes) {}

  // Moves to the next note; false at the end.
  bool next();

  bool is_ours() const noexcept;
  std::uint32_t type() const noexcept { return type_; }
  std::span<const std::byte> description() const noexcept { return description_; }

 private:
  std::span<const std::byte> take(std::size_t size);

  std::span<const std::byte> rest_;
  std::span<const std::byte> name_;
  std::span<const std::byte> description_;
  std::uint32_t type_ = 0;
};

class NoteReader {
 public:
  // `title` says in errors which note this is: "parameter".
  NoteReader(const char* title, std::span<const std::byte> description) noexcept
      : title_(title), rest_(description) {}

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  bool flag();         // u8, 0 or 1
  std::string text();  // UTF-8
  std::string line();  // text without control characters
  std::string word();  // a line without spaces, not empty
  FactValue value();
  void require_end() const;

  // "the parameter note <what>".
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void fail_name(std::string_view name) const;

 private:
  template <class T>
  T number();
  FactValue value(int depth);
  FactList list(int depth);
  FactObject object(int depth);

  const char* title_;
  std::span<const std::byte> rest_;
};

}  // namespace pet
