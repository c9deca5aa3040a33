// Where a user's files lie: the base directories of the XDG specification.
//
//   user_directory(UserDirectory::kCache)   // $XDG_CACHE_HOME, else $HOME/.cache
//
// Threads: any, as long as none changes the environment.
#pragma once

#include <filesystem>

namespace pet {

enum class UserDirectory {
  kCache,   // XDG_CACHE_HOME, .cache
  kConfig,  // XDG_CONFIG_HOME, .config
  kData,    // XDG_DATA_HOME, .local/share
};

// The directory that the variable names, else the one below $HOME. A relative path counts as none,
// as the specification says. Empty when there is neither.
std::filesystem::path user_directory(UserDirectory which);

}  // namespace pet
