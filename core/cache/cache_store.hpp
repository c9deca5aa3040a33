// CacheStore: where a BinaryCache keeps its files: a directory (directory_store_posix.cpp) or
// memory (memory_store_posix.cpp). For binary_cache.cpp only.
//
// Threads: every method, from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/artifact/binary.hpp"
#include "core/artifact/hash.hpp"
#include "core/cache/binary_cache.hpp"

namespace pet {

class CacheStore {
 public:
  struct Found {
    std::optional<CachedBinary> cached;
    std::string damage;  // why the file that lay there was taken out; empty when none was
  };

  // A file on its way to the name of its hash; gone unless it is published.
  class NewFile {
   public:
    NewFile() = default;
    virtual ~NewFile() = default;
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    virtual void write(std::string_view piece) = 0;

    // Gives it its name, in place of one that is there. Once. REQUIRES: what was written has that
    // hash. The binary is a mapping of it.
    virtual CachedBinary publish() = 0;
  };

  // Larger binaries are not held on the heap: they are mapped, read-only. Whoever cut the file short
  // while it is mapped would end the process; but dlopen maps the same file, in a directory that
  // nobody else may write to, and has the same need of it.
  static constexpr std::uint64_t kLarge = std::uint64_t{4} << 20;

  virtual ~CacheStore() = default;

  // Equal exactly for stores of this process that keep the same files.
  virtual std::string identity() = 0;

  // Reads and hashes the file of `hash`. One that is not what it should be is quarantined.
  virtual Found find(const Hash& hash) = 0;

  // Writes the file of binary.hash(), in place of one that is there.
  virtual CachedBinary insert(const Binary& binary) = 0;

  // A file for a binary of this hash, whose bytes are still to come. The store must outlive it.
  virtual std::unique_ptr<NewFile> create(const Hash& hash) = 0;

  // Waits while another process that has a claim on `hash` fetches it, then has it until what comes
  // back dies. Null: it took too long, or there can be no claims here: fetch it all the same.
  virtual std::shared_ptr<void> claim(const Hash& hash) = 0;

  // Whether another process may find what this one inserts.
  virtual bool outlives_process() const = 0;

  virtual bool quarantined(const Hash& hash) = 0;
  virtual CacheContents contents() = 0;
  virtual std::uint64_t evict(std::uint64_t max_bytes) = 0;
  virtual CacheSize clear_binaries() = 0;
  virtual CacheSize clear_quarantine() = 0;
  virtual std::string describe() const = 0;
};

// An empty path means BinaryCache::default_directory().
std::unique_ptr<CacheStore> make_directory_store(std::filesystem::path directory);
std::unique_ptr<CacheStore> make_memory_store();

}  // namespace pet
