#include "tools/petctl/session.hpp"

#include <cstdio>
#include <filesystem>

#include "core/artifact/machine.hpp"
#include "core/cache/binary_cache.hpp"
#include "core/loader/plugin_host.hpp"
#include "plugins/builtins.hpp"
#include "storage/open_storage.hpp"

namespace pet::tools {
namespace {

// Damage and refusals concern everybody; the rest is for --verbose.
Observer observer_for(const Settings& settings) {
  return [verbose = settings.verbose](const Event& event) {
    const bool warning = event.kind == EventKind::kDamage || event.kind == EventKind::kQuarantine ||
                         event.kind == EventKind::kPluginLog;
    if (verbose || warning) {
      std::fprintf(stderr, "%s%s\n", warning ? "warning: " : "", to_string(event).c_str());
    }
  };
}

}  // namespace

std::unique_ptr<Container> open_session(Settings& settings) {
  complete(settings);
  const Observer observer = observer_for(settings);
  const bool in_memory = settings.cache == "memory:";
  auto blobs = open_storage(in_memory ? settings.cache
                                      : (std::filesystem::path(settings.cache) / "blobs").string());
  return std::make_unique<Container>(ContainerOptions{
      .storage = open_storage(settings.storage),
      .cache = BinaryCache::open(settings.cache, {.observer = observer}),
      .builtins = builtins(),
      .aliases = builtin_aliases(),
      .observer = observer,
      .host = PluginHost::make({.observer = observer, .blobs = std::move(blobs)}),
      .offline = settings.offline,
  });
}

void bind_plugins(Container& container, const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    container.bind(std::filesystem::path(file), {.persist = true});
  }
}

std::string this_platform() { return Machine::current().platform; }

}  // namespace pet::tools
