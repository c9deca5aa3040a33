// FileStamp: whether a file is still as it was when it was read. (Inside storage/s3 only.)
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>

namespace pet {

struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;  // another file in its place may be as old and as long
  std::int64_t size = 0;
  std::int64_t written = 0;  // nanoseconds
  std::int64_t changed = 0;  // also of who may read it
  bool operator==(const FileStamp&) const = default;
};

// Alike for all files that are not there.
FileStamp file_stamp(const std::string& path);

}  // namespace pet
