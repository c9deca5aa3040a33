#include "tools/session/session.hpp"

#include <filesystem>

#include "core/cache/binary_cache.hpp"
#include "core/cache/cache_tag_posix.hpp"
#include "core/cache/trusted_directory_posix.hpp"
#include "core/loader/plugin_host.hpp"
#include "core/registry/open_plugin_storage.hpp"
#include "plugins/builtins.hpp"
#include "storage/local_storage.hpp"
#include "storage/memory_storage.hpp"

namespace pet::tools {
namespace {

// What wrappers such as Cached keep: predictions and fitted models, which nobody else may read or
// plant. Where the directory cannot be used they are kept for this run: most have no need of it, and
// who loads a binary is told by the cache.
std::shared_ptr<BaseStorage> open_blobs(const std::string& cache, const Observer& observer) {
  if (cache == "memory:") return std::make_shared<MemoryStorage>();
  try {
    const auto directory = posix::open_trusted_directory(std::filesystem::path(cache) / kBlobs);
    posix::tag_cache(posix::open_trusted_directory(cache));
    return std::make_shared<LocalStorage>(directory.path);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kStorageRefused) throw;
    notify(observer, {EventKind::kRefusal, {}, {}, "cache", error.what(), {}});
    return std::make_shared<MemoryStorage>();
  }
}

}  // namespace

std::unique_ptr<Container> open_session(Settings& settings, SessionUse use,
                                        const Observer& observer) {
  complete(settings);
  auto blobs = use == SessionUse::kRun ? open_blobs(settings.cache, observer) : nullptr;
  return std::make_unique<Container>(ContainerOptions{
      .storage = open_plugin_storage(settings.storage, observer),
      .cache = BinaryCache::open(settings.cache,
                                 {.observer = observer, .max_bytes = settings.cache_max_bytes}),
      .builtins = builtins(),
      .aliases = builtin_aliases(),
      .observer = observer,
      .host = PluginHost::make({.observer = observer, .blobs = std::move(blobs)}),
      .offline = settings.offline,
  });
}

bool is_warning(EventKind kind) {
  return kind == EventKind::kDamage || kind == EventKind::kQuarantine ||
         kind == EventKind::kPassedOver || kind == EventKind::kPluginLog;
}

}  // namespace pet::tools
