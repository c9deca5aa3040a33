// A directory in which nobody but this user and root can write, down the whole path to it.
//
// dlopen takes a path, not a descriptor. It maps the bytes that were checked through a descriptor
// only as long as nobody else can put other ones under that path: neither in the directory nor by
// renaming one of those above it.
//
// Threads: functions may be called from any thread.
#pragma once

#include <filesystem>
#include <string>

#include "storage/posix_file.hpp"

namespace pet::posix {

struct TrustedDirectory {
  FileDescriptor fd;
  std::string path;  // absolute, without links
};

// Opens `directory`, creating what is missing of it with mode 0700. Links in its path are resolved
// now, once. Throws kStorageRefused, naming the directory that others may write to, its mode and
// owner, and the way out; likewise when it cannot be created or opened, or is mounted noexec.
TrustedDirectory open_trusted_directory(const std::filesystem::path& directory);

// The error of a cache directory that does not take what it is given.
[[noreturn]] void throw_cache_errno(int error, const std::string& directory,
                                    const std::string& doing);

}  // namespace pet::posix
