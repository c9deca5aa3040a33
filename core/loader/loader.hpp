// Loader: checked bytes → a library in this process. The only caller of Boost.DLL.
//
// The table is process-wide and keyed by hash: the same bytes are never mapped twice, so that a
// class's statics are one per version and two versions have two. A library stays while a class or
// an instance of it lives; then it is unloaded or kept, by policy.
//
// How it is safe: bytes are hashed, read for facts and gated before they are mapped, all from one
// buffer; the file that is mapped is a cache's, which one name serves for one hash for ever (glibc
// matches loaded libraries by name first). Nothing of integrity is decided after dlopen.
//
// Threads: all members, from any thread. dlopen and dlclose run under one lock of the loader's.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/artifact/facts.hpp"
#include "core/artifact/hash.hpp"
#include "core/observer.hpp"

struct pet_entry;

namespace pet {

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
  // (core/cache gives it). Throws kGateRefused, kNotAPlugin; dlopen's own text when a dependency is
  // missing or a symbol undefined.
  std::shared_ptr<const Library> load(const Binary& binary, const std::string& file);

  // The library when it is mapped already; never loads.
  std::shared_ptr<const Library> find(const Hash& hash) const;

  void set_policy(UnloadPolicy policy);
  UnloadPolicy policy() const;
  void observe(Observer observer);  // kUnload and kStaysResident

  std::size_t loaded_count() const;
  // Hashes of libraries that should have left and did not, each with the cause.
  struct Stuck {
    Hash hash;
    std::string class_name;
    std::string cause;
  };
  std::vector<Stuck> stuck() const;

 private:
  Loader();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pet
