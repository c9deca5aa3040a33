#include "tools/petctl/session.hpp"

#include <cstdio>
#include <filesystem>

#include "core/artifact/machine.hpp"
#include "core/cache/binary_cache.hpp"
#include "core/cache/cache_tag_posix.hpp"
#include "core/cache/trusted_directory_posix.hpp"
#include "core/loader/plugin_host.hpp"
#include "core/registry/open_plugin_storage.hpp"
#include "plugins/builtins.hpp"
#include "storage/local_storage.hpp"
#include "storage/memory_storage.hpp"
#include "tools/petctl/files.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/progress_line_posix.hpp"

namespace pet::tools {
namespace {

// Damage that was survived, bad storages of a chain and what plugins say concern everybody; the rest is for --verbose.
Observer observer_for(const Settings& settings) {
  return [verbose = settings.verbose](const Event& event) {
    const bool warning = event.kind == EventKind::kDamage || event.kind == EventKind::kQuarantine ||
                         event.kind == EventKind::kPassedOver ||
                         event.kind == EventKind::kPluginLog;
    if (warning) {
      print_warning(to_string(event));
    } else if (verbose) {
      erase_progress_line();
      std::fprintf(stderr, "%s\n", paragraph(to_string(event)).c_str());
    }
  };
}

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

std::unique_ptr<Container> open_session(Settings& settings, SessionUse use) {
  complete(settings);
  const Observer observer = observer_for(settings);
  auto blobs = use == SessionUse::kRun ? open_blobs(settings.cache, observer) : nullptr;
  std::shared_ptr<BaseStorage> storage = open_plugin_storage(settings.storage, observer);
  if (!settings.json) storage->watch_transfers(progress_line());
  return std::make_unique<Container>(ContainerOptions{
      .storage = std::move(storage),
      .cache = BinaryCache::open(settings.cache,
                                 {.observer = observer, .max_bytes = settings.cache_max_bytes}),
      .builtins = builtins(),
      .aliases = builtin_aliases(),
      .observer = observer,
      .host = PluginHost::make({.observer = observer, .blobs = std::move(blobs)}),
      .offline = settings.offline,
  });
}

std::vector<PetClass> bind_plugins(Container& container, const std::vector<std::string>& files) {
  std::vector<PetClass> classes;
  for (const std::string& file : files) {
    try {
      const PetClass clazz = container.bind(std::filesystem::path(file), {.persist = true});
      for (std::size_t i = 0; i < classes.size(); ++i) {
        if (classes[i].name() != clazz.name()) continue;
        throw Error(ErrorCode::kUsage,
                    "--plugin " + files[i] + " and --plugin " + file + " are both of the class " +
                        clazz.name() + "\n  try: one binary of a class",
                    {.class_name = clazz.name(), .hash = {}, .key = file});
      }
      classes.push_back(clazz);
    } catch (const Error& error) {
      throw about_plugin_file(error);
    }
  }
  return classes;
}

std::string this_platform() { return Machine::current().platform; }

}  // namespace pet::tools
