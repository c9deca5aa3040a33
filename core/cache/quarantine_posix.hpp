// The quarantine of a cache: the folder beside its binaries where those go that were not what they
// should be, for somebody to look at, not for ever: the newest 16, of 256 MiB.
//
// Threads: functions may be called from any thread, and any process. For core/cache only.
#pragma once

#include <string>
#include <vector>

#include "core/artifact/hash.hpp"
#include "core/cache/cache_files_posix.hpp"
#include "core/cache/trusted_directory_posix.hpp"
#include "storage/posix_file.hpp"

namespace pet::posix {

constexpr const char* kQuarantine = "quarantine";

// The folder; nothing where there is none.
FileDescriptor open_quarantine(int directory);

std::vector<CacheFile> quarantined_in(int folder);
bool is_quarantined(int folder, const Hash& hash);

// Moves the binary, which is open as `file` unless it could not be (-1), away and says where to.
std::string move_to_quarantine(const TrustedDirectory& directory, const Hash& hash, int file);

}  // namespace pet::posix
