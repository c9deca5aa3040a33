// DynamicLibrary: one file mapped into this process, through Boost.DLL, and whether it really left.
// (Inside core/loader only.)
//
// Threads: one at a time; the loader's lock around open() and close().
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace pet {

// The system's loader refused; what() is its own text.
class DynamicLibraryError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class DynamicLibrary {
 public:
  // A library that is mapped under this path already, taken up again; nothing when none is. Never
  // reads a file: what lies at the path by now was checked by nobody.
  static std::optional<DynamicLibrary> open_mapped(const std::string& path);

  // Resolves all symbols now, keeps its own to itself. `path` is absolute. Throws
  // DynamicLibraryError.
  static DynamicLibrary open(const std::string& path);

  DynamicLibrary(DynamicLibrary&&) noexcept;
  ~DynamicLibrary();  // without close(): it stays mapped

  // The address of an exported symbol, or nullptr.
  const void* find(const char* symbol) const;

  // Lets it go. True when it is no longer mapped then.
  bool close();

  // REQUIRES: open, or closed in vain.
  bool still_mapped() const;
  // Whether it registers destructors of thread_local objects, which keep it mapped until their
  // threads end.
  bool has_thread_destructors() const;

 private:
  struct Impl;
  explicit DynamicLibrary(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pet
