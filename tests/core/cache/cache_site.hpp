// CacheSite: a cache in a folder of its own, with what it reported and how often it asked for a download.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "core/cache/binary_cache.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {

inline const FetchSubject kSubject{"MyFilter", "memory:", "plugins/MyFilter/x.so"};

struct CacheSite {
  TemporaryFolder folder;
  std::string directory = folder / "cache";
  std::vector<Event> events;
  CacheOptions options{.observer = [this](const Event& event) { events.push_back(event); }};
  BinaryCache cache{directory, options};
  int downloads = 0;

  CachedBinary get(const std::string& bytes) {
    return cache.get_or_fetch(Hash::of(bytes), kSubject, [&] {
      ++downloads;
      return bytes;
    });
  }
  std::string file_of(const std::string& bytes) const {
    return directory + "/" + Hash::of(bytes).hex() + ".so";
  }
  std::size_t files() const {
    const auto is_kept = [](const std::filesystem::directory_entry& entry) {
      return entry.path().filename() != ".fetching" && entry.path().filename() != "CACHEDIR.TAG";
    };
    return static_cast<std::size_t>(std::count_if(std::filesystem::directory_iterator(directory),
                                                  std::filesystem::directory_iterator(), is_kept));
  }
  void age(const std::string& bytes, int hours) const {
    std::filesystem::last_write_time(
        file_of(bytes), std::filesystem::file_time_type::clock::now() - std::chrono::hours(hours));
  }
  bool has(const std::string& bytes) const { return std::filesystem::exists(file_of(bytes)); }
};

}  // namespace pet::test
