// Loader: checked bytes → a library in this process. The only caller of Boost.DLL.
//
// The table is process-wide and keyed by hash: the same bytes are never mapped twice, so that a
// class's statics are one per version and two versions have two. A library stays while a class or
// an instance of it lives; then it is unloaded or kept, by policy.
//
// A library whose last class and instance are gone is unloaded, and that is verified: dlclose says
// success also when it stays. What keeps one is said by its cause: a thread_local destructor of a
// live thread, -z nodelete, a unique symbol, another reference.
//
// How it is safe: bytes are hashed, read for facts and gated before they are mapped, all from one
// buffer; the file that is mapped is a cache's, which one name serves for one hash for ever (glibc
// matches loaded libraries by name first). Nothing of integrity is decided after dlopen.
//
// Threads: all members, from any thread. dlopen and dlclose run under one lock of the loader's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/artifact/facts.hpp"
#include "core/artifact/hash.hpp"
#include "core/observer.hpp"

struct pet_entry;

namespace pet {

struct InterfaceTables;

// A library that is mapped now. Its destructor unloads it and verifies that.
class Library {
 public:
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library();

  const Hash& hash() const noexcept;
  const Facts& facts() const noexcept;
  const pet_entry& entry() const noexcept;
  const std::string& path() const noexcept;
  const InterfaceTables& tables() const noexcept;

 private:
  friend class Loader;
  struct Impl;
  explicit Library(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

enum class UnloadPolicy {
  kUnload,        // the library leaves when its last class and instance are gone
  kKeepResident,  // it stays for the process's life: loading it again is a look-up
};

class Loader {
 public:
  static Loader& process();  // never destroyed

  // The library of these bytes. `file` holds them under a name that no other bytes will ever have
  // (core/cache gives it). Threads that ask for one hash at the same time map it once. Throws
  // kGateRefused (the gate's reasons, or dlopen's own text when a library is missing or a symbol
  // undefined), kNotAPlugin (no entry, or one that contradicts the notes), kCorrupt and
  // kInvalidName as read_facts, kNoBinary when `file` is gone, or its path is that of other bytes
  // that are mapped: fetch it again, or under another path.
  std::shared_ptr<const Library> load(const Binary& binary, const std::string& file);

  // The library when it is mapped already; never loads.
  std::shared_ptr<const Library> find(const Hash& hash) const;

  void set_policy(UnloadPolicy policy);
  UnloadPolicy policy() const;
  // kUnload and kStaysResident, after the loader's locks are free.
  void observe(Observer observer);

  std::size_t loaded_count() const;
  // Libraries that should have left and did not, each with the cause. Loading such a hash again
  // takes up the mapping that stayed, statics and all. One that left later is no longer named, and
  // was reported.
  struct Stuck {
    Hash hash;
    std::string class_name;
    std::string cause;
  };
  std::vector<Stuck> stuck() const;

 private:
  friend class Library;  // which says when it leaves
  Loader();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pet
