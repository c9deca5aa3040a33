// Settings: where petctl finds its storage and cache. The command line wins, then the environment
// (PET_STORAGE, PET_CACHE, PET_CACHE_MAX_SIZE), then the config file, then a directory in the XDG place.
//
// A place may begin with "~/". The config file is TOML (config_file.hpp),
// $XDG_CONFIG_HOME/petfactory/config.toml unless --config names another:
//
//   storage = "file:///srv/pets"
//   cache = "/var/cache/pets"
//   cache_max_size = "10 GB"     # or "none"
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/cache/binary_cache.hpp"

namespace pet::tools {

struct Settings {
  std::string storage;  // a URL or path
  std::string cache;    // a directory, or "memory:"
  std::uint64_t cache_max_bytes = CacheOptions{}.max_bytes;
  std::string config;  // file; empty: the XDG place, where it may be missing
  bool offline = false;
  bool json = false;
  bool verbose = false;  // what the library observes goes to stderr
};

// Fills what the command line left empty. Throws kUsage for a config file that is missing though
// named, malformed, or holds an unknown key (with the near miss), for a size that is none, and where HOME is missing and
// nothing else says where to look.
void complete(Settings& settings);

// The config file that complete() reads; nullopt when there is none, which is no error unless it was
// named.
std::optional<std::string> config_file(const Settings& settings);

// Where services of this user remember the versions that they found bad, unless they are told otherwise: below
// the XDG data home. Empty without HOME.
std::filesystem::path usual_rejections();

}  // namespace pet::tools
