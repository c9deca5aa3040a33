#include "tools/petctl/settings.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>

#include "core/cache/binary_cache.hpp"
#include "storage/error.hpp"
#include "storage/local_storage.hpp"
#include "storage/user_directory.hpp"
#include "tools/petctl/output.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

void apply(Settings& settings, const CLI::ConfigItem& item, const std::string& file) {
  const std::string key = item.fullname();
  const std::string value = item.inputs.empty() ? "" : item.inputs.front();
  if (key == "storage") {
    if (settings.storage.empty()) settings.storage = value;
  } else if (key == "cache") {
    if (settings.cache.empty()) settings.cache = value;
  } else {
    const std::vector<std::string> known{"storage", "cache"};
    throw Error(ErrorCode::kUsage, file + ": unknown key '" + key + "'" +
                                       suggestion(key, known) +
                                       "\n  expected: storage = \"URL\", cache = \"DIRECTORY\"");
  }
}

void read_config(Settings& settings) {
  const bool named = !settings.config.empty();
  const fs::path file = named ? fs::path(settings.config)
                              : user_directory(UserDirectory::kConfig) / "petfactory/config.toml";
  std::error_code ignored;
  if (!named && !fs::exists(file, ignored)) return;
  std::ifstream in(file);
  if (!in || fs::is_directory(file, ignored)) {
    throw Error(ErrorCode::kUsage, "cannot read the config file " + file.string() +
                                       "\n  try: check that it exists and that you may read it");
  }
  try {
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(in)) {
      apply(settings, item, file.string());
    }
  } catch (const CLI::Error& error) {
    throw Error(ErrorCode::kUsage, file.string() + " is not TOML: " + error.what());
  }
}

}  // namespace

void complete(Settings& settings) {
  if (settings.storage.empty()) settings.storage = environment("PET_STORAGE");
  if (settings.cache.empty()) settings.cache = environment("PET_CACHE");
  read_config(settings);
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
