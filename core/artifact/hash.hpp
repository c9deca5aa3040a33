// Hash: the SHA-256 of a binary's bytes, which is its version; and Hasher, which computes one piece by piece.
//
//   const Hash hash = Hash::of(bytes);
//   hash.hex();                    // "3fa9c1…", 64 lower-case digits: for keys, configs and comparisons
//   hash.short_hex();              // "3fa9c1…" cut, with an ellipsis: for people
//   Hash::require(config_value);   // throws before any request when the text is no hash
//
// There is no empty Hash: a class without a binary has a std::optional<Hash> without a value.
//
// Threads: a Hash is a value. A Hasher belongs to one thread at a time.
// Throws:  std::bad_alloc, and pet::Error where a method says so.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pet {

class Hash {
 public:
  static constexpr std::size_t kBytes = 32;
  static constexpr std::size_t kHexDigits = 64;
  using Bytes = std::array<unsigned char, kBytes>;

  explicit constexpr Hash(const Bytes& bytes) noexcept : bytes_(bytes) {}

  static Hash of(std::span<const std::byte> bytes);
  static Hash of(std::string_view bytes);

  // Exactly 64 lower-case hex digits; anything else is nullopt. Upper case is refused too: one hash has
  // one spelling, since it becomes a file's name.
  static std::optional<Hash> parse(std::string_view hex) noexcept;

  // The same, but throws kInvalidHash, naming what came.
  static Hash require(std::string_view hex);

  std::string hex() const;
  std::string short_hex() const;  // the first six digits and "…"
  const Bytes& bytes() const noexcept { return bytes_; }

  friend bool operator==(const Hash&, const Hash&) noexcept = default;
  friend auto operator<=>(const Hash&, const Hash&) noexcept = default;

 private:
  Bytes bytes_;
};

class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  Hasher& update(std::span<const std::byte> bytes);
  Hasher& update(std::string_view bytes);

  // The hash of all bytes given so far; the Hasher starts over.
  Hash finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pet

template <>
struct std::hash<pet::Hash> {
  // Any eight bytes of a SHA-256 are as good as a hash function of all of them.
  std::size_t operator()(const pet::Hash& key) const noexcept {
    std::size_t value;
    static_assert(sizeof value <= pet::Hash::kBytes);
    std::memcpy(&value, key.bytes().data(), sizeof value);
    return value;
  }
};
