#include "tests/bench/bench_plugins.hpp"

#include <filesystem>
#include <map>
#include <stdexcept>

#include "core/artifact/binary.hpp"

namespace pet::bench {
namespace {
bool few = false;
}

std::size_t many_plugins() { return few ? 20 : 3000; }
std::int64_t many_rows() { return few ? 1000 : 1000000; }
void set_few_plugins() { few = true; }

PluginFarm& PluginFarm::of_size(std::size_t count) {
  static std::map<std::size_t, PluginFarm> farms;
  return farms.try_emplace(count, count).first->second;
}

PluginFarm::PluginFarm(std::size_t count) {
  std::string name = (std::filesystem::temp_directory_path() / "pet-bench-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("cannot make " + name);
  directory_ = name;
  cache_ = std::make_shared<BinaryCache>(directory_);
  loader_ = std::make_unique<CheckedLoader>(cache_, Observer());
  const std::string original(Binary::read(PET_FIXTURE_DIR "/good_filter.so").view());
  for (std::size_t i = 0; i < count; ++i) {
    const Binary version =
        Binary::from_bytes(original + "#" + std::to_string(count) + "." + std::to_string(i));
    const CachedBinary cached = cache_->insert(version);
    files_.push_back({version.hash(), cached.file});
  }
}

PluginFarm::~PluginFarm() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

}  // namespace pet::bench
