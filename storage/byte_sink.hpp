// ByteSink: where an object's bytes go, piece by piece, while a storage reads it.
//
//   struct Counter : pet::ByteSink {
//     std::uint64_t bytes = 0;
//     void begin(std::optional<std::uint64_t>) override { bytes = 0; }
//     void write(std::string_view piece) override { bytes += piece.size(); }
//   };
//   Counter counter;
//   if (!storage.read("plugins/A/latest.json", counter)) … // absent
//
// Order:   begin, then the pieces. Another begin says that what came before is void: a transfer broke
//          and starts again, or another storage of a chain is asked. Only when read() has returned
//          true are the bytes since the last begin the object.
// Throws:  what a sink throws ends the read and is thrown by it; nothing is tried again.
// Threads: called by the thread that reads. Lifetime: a piece is there during the call only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace pet {

class ByteSink {
 public:
  ByteSink() = default;
  virtual ~ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;

  // `size`: bytes that are announced, within the limit that read() was given; nothing where the
  // storage does not know.
  virtual void begin(std::optional<std::uint64_t> size) = 0;
  virtual void write(std::string_view piece) = 0;

  // Where the next piece may be put, at most `most` bytes of it, before write() is called with what was
  // put there: so it is copied once less. Empty: the sink has no place for it, use yours. After begin();
  // it is there until the next call.
  virtual std::span<char> room(std::size_t most) noexcept {
    static_cast<void>(most);
    return {};
  }
};

// All of it in memory.
class StringSink final : public ByteSink {
 public:
  void begin(std::optional<std::uint64_t> size) override {
    bytes_.clear();
    if (size) bytes_.reserve(*size);  // at once: a large object is held once, not twice as it grows
  }
  void write(std::string_view piece) override { bytes_.append(piece); }

  std::string take() noexcept { return std::move(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace pet
