#include "tests/bench/transfer_plugins.hpp"

#include <algorithm>
#include <filesystem>
#include <list>

#include "core/cache/binary_cache.hpp"
#include "core/factory/pet_class_manager.hpp"
#include "tests/bench/bench_plugins.hpp"
#include "tests/renamed_plugin.hpp"

namespace pet::bench {

using test::TemporaryFolder;

namespace {

constexpr std::size_t kBytes = 200'000;

std::size_t count() { return many_plugins() < 100 ? 4 : 100; }

}  // namespace

const std::vector<Plugin>& transfer_plugins() {
  static const std::vector<Plugin> all = [] {
    std::vector<Plugin> made;
    for (std::size_t i = 0; i < count(); ++i) {
      std::string bytes(test::numbered_plugin(i).view());
      bytes.resize(std::max(bytes.size(), kBytes), '#');  // behind what the loader maps
      made.push_back({test::numbered_name(i), Binary::from_bytes(std::move(bytes))});
    }
    return made;
  }();
  return all;
}

const TemporaryFolder& new_folder() {
  static std::list<TemporaryFolder> folders;
  return folders.emplace_back();
}

std::vector<PetClass> opened() {
  static const TemporaryFolder folder;
  const PetClassManager manager(nullptr, std::make_shared<BinaryCache>(folder / "cache"));
  std::vector<PetClass> classes;
  for (const Plugin& plugin : transfer_plugins()) {
    const std::string file = folder / ("files/" + plugin.name + ".so");
    if (!std::filesystem::exists(file)) test::write_file(file, std::string(plugin.binary.view()));
    classes.push_back(manager.open_plugin(file));
  }
  return classes;
}

void fill(const std::shared_ptr<BaseStorage>& storage) {
  const PetClassManager manager(storage, BinaryCache::in_memory());
  for (const PushOutcome& outcome : manager.push_many(opened())) {
    if (outcome.error) throw Error(*outcome.error);
  }
}

}  // namespace pet::bench
