// The files in a cache's directory, or in its quarantine: what they are called, which there are, and how
// they go. All by the folder's descriptor, and without following links.
//
// Threads: functions may be called from any thread. For core/cache only.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "core/artifact/hash.hpp"
#include "core/cache/binary_cache.hpp"

namespace pet::posix {

struct CacheFile {
  std::string name;
  std::uint64_t bytes;
  std::timespec used;  // of a binary; of what is in quarantine: when it came there
};

// "<hash>.so", and whether a name is one of these.
std::string binary_name(const Hash& hash);
bool is_binary_name(std::string_view name);

// The names in a folder, "." and ".." too. Of a folder that is gone: none.
std::vector<std::string> names_in(int folder);

std::vector<CacheFile> binaries_in(int folder);
CacheSize size_of(const std::vector<CacheFile>& files);

// Whatever was taken away for being no file may be an empty folder, which goes too.
bool remove_file(int folder, const std::string& name);

// Removes what it can of them, and says how much that was. Throws as throw_cache_errno, with `path`,
// when something that could be removed has stayed.
CacheSize remove_files(int folder, const std::string& path, std::vector<CacheFile> files);

}  // namespace pet::posix
