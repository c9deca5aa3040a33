// IncomingBinary: a binary's bytes while they arrive: hashed at once, kept in memory while they are
// few, and beyond that in a file on its way into the cache. So a download takes O(buffer) of memory,
// and gate and loader still need not read again what is small.
//
//   IncomingBinary incoming(&store, expected, origin);   // null: all of it in memory
//   storage.read(key, incoming);
//   if (incoming.finish() == expected) return incoming.publish();
//
// Threads: one. Throws: what the store throws (has_store_failed() tells it from a download's failure).
// For binary_cache.cpp only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/artifact/hash.hpp"
#include "core/cache/cache_store.hpp"
#include "storage/byte_sink.hpp"

namespace pet {

class IncomingBinary final : public ByteSink {
 public:
  // The store must outlive it. `origin` names the bytes in errors.
  IncomingBinary(CacheStore* store, const Hash& expected, std::string origin);

  void begin(std::optional<std::uint64_t> size) override;
  void write(std::string_view piece) override;
  std::span<char> room(std::size_t most) noexcept override;

  // Of what has come since begin(). Once.
  Hash finish() { return hasher_.finish(); }
  std::uint64_t size() const noexcept { return size_; }
  bool has_store_failed() const noexcept { return has_store_failed_; }

  // Puts the file into the store and gives the binary. Once. REQUIRES: finish() was the hash that was
  // expected; there is a store.
  CachedBinary publish();

  // Whether memory has them all after a publish() that failed.
  bool is_whole() const noexcept { return whole_.has_value(); }
  // All of them. REQUIRES: as publish(), and is_whole() or no store.
  Binary whole();

 private:
  template <class Call>
  auto in_store(const Call& call);
  void spill(std::size_t size);
  void reserve(std::size_t capacity, std::size_t used);
  void keep(std::string_view piece, std::size_t before);

  CacheStore* const store_;
  const Hash expected_;
  const std::string origin_;
  Hasher hasher_;
  std::uint64_t size_ = 0;
  std::unique_ptr<char[]> few_;  // until there is a file: the first size_ of capacity_ bytes
  std::size_t capacity_ = 0;
  std::optional<Binary> whole_;
  std::unique_ptr<CacheStore::NewFile> file_;
  bool has_store_failed_ = false;
};

}  // namespace pet
