#include "tools/session/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "core/cache/binary_cache.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"
#include "storage/local_storage.hpp"
#include "storage/open_storage.hpp"
#include "storage/user_directory.hpp"
#include "tools/session/byte_size.hpp"
#include "tools/session/config_file.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Without a home there is none, and no file of the current directory instead.
fs::path config_place(const Settings& settings) {
  if (!settings.config.empty()) return settings.config;
  const fs::path place = user_directory(UserDirectory::kConfig);
  return place.empty() ? place : place / "petfactory/config.toml";
}

// `size` is what the environment says of the cache's size, and then what the file does.
void read_config(Settings& settings, std::string& size) {
  const std::optional<std::string> name = config_file(settings);
  if (!name) return;
  const fs::path file = *name;
  std::error_code ignored;
  std::ifstream in(file);
  if (!in || fs::is_directory(file, ignored)) {
    throw Error(ErrorCode::kUsage, "cannot read the config file " + file.string() +
                                       "\n  try: check that it exists and that you may read it");
  }
  const ConfigFile config = parse_config_file(in, file.string());
  if (settings.storage.empty()) settings.storage = config.storage;
  if (settings.cache.empty()) settings.cache = config.cache;
  if (size.empty()) size = config.cache_max_size;
}

std::uint64_t limit_of(const std::string& size) {
  if (size == "none") return CacheOptions::kNoLimit;
  if (const std::optional<std::uint64_t> bytes = parse_byte_size(size)) return *bytes;
  throw Error(ErrorCode::kUsage, "the cache's size " + pet::quoted(size) +
                                     " is none: PET_CACHE_MAX_SIZE and cache_max_size are such as "
                                     "'500 MB', '10 GiB', or 'none' for no limit");
}

// A shell expands "~/" only where a word begins with it: not in files, nor in --cache=~/x.
void expand_home(std::string& place, const char* option) {
  if (place != "~" && !place.starts_with("~/")) return;
  const std::string home = environment("HOME");
  if (!fs::path(home).is_absolute()) {
    throw Error(ErrorCode::kUsage, place + " is below HOME, which is not set" +
                                       "\n  try: a path that begins with '/', with " + option);
  }
  place = home + place.substr(1);
}

// Each storage of a chain.
void expand_homes(std::string& storage) {
  const std::vector<std::string_view> members = chain_members(storage);
  if (members.empty()) return expand_home(storage, "--storage");
  std::string expanded;
  for (const std::string_view text : members) {
    std::string member(text);
    expand_home(member, "--storage");
    expanded += (expanded.empty() ? "chain:" : "|") + member;
  }
  storage = expanded;
}

}  // namespace

std::optional<std::string> config_file(const Settings& settings) {
  const fs::path file = config_place(settings);
  std::error_code ignored;
  if (settings.config.empty() && !fs::exists(file, ignored)) return std::nullopt;
  return file.string();
}

fs::path usual_rejections() {
  const fs::path data = user_directory(UserDirectory::kData);
  return data.empty() ? data : data / "petfactory/rejections";
}

void complete(Settings& settings) {
  if (settings.storage.empty()) settings.storage = environment("PET_STORAGE");
  if (settings.cache.empty()) settings.cache = environment("PET_CACHE");
  std::string size = environment("PET_CACHE_MAX_SIZE");
  read_config(settings, size);
  if (!size.empty()) settings.cache_max_bytes = limit_of(size);
  expand_homes(settings.storage);
  expand_home(settings.cache, "--cache");
  if (settings.storage.empty()) {
    const fs::path data = user_directory(UserDirectory::kData);
    if (data.empty()) {
      throw Error(ErrorCode::kUsage,
                  "no storage is named, and without HOME there is no default place for one"
                  "\n  try: --storage file:///DIRECTORY, or set PET_STORAGE");
    }
    settings.storage = (data / "petfactory/storage").string();
    LocalStorage(settings.storage).ensure_exists();  // ours to make; one that was named is not
  }
  if (settings.cache.empty()) settings.cache = BinaryCache::default_directory().string();
}

}  // namespace pet::tools
