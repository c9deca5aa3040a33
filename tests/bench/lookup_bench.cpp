// A class by name when it is in memory: ours beside a hash map that nobody locks.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/factory/base_factory.hpp"
#include "core/loader/loader.hpp"
#include "tests/bench/bench_plugins.hpp"

namespace pet::bench {
namespace {

constexpr std::size_t kClasses = 1000;

struct Names {
  std::vector<std::string> names;
  std::vector<std::uint16_t> order;  // random, the same for both sides
  BaseFactory factory;
  std::unordered_map<std::string, const PetClass*> map;

  Names() {
    auto& farm = PluginFarm::of_size(1);
    const auto cached = farm.cache().find(farm.files().front().hash);
    const PetClass clazz =
        PetClass::from_library(Loader::process().load(cached->binary, cached->file),
                               std::make_shared<const Binary>(cached->binary), "cache");
    std::mt19937 random(7);
    for (std::size_t i = 0; i < kClasses; ++i) {
      names.push_back("SomeFilterNumber" + std::to_string(i));
      map[names.back()] = &factory.assign(names.back(), clazz);
    }
    for (std::size_t i = 0; i < 8192; ++i)
      order.push_back(static_cast<std::uint16_t>(random() % kClasses));
  }
  static Names& instance() {
    static Names names;
    return names;
  }
};

void lookup_bound(benchmark::State& state) {
  const Names& all = Names::instance();
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(all.map.find(all.names[all.order[i++ & 8191]])->second);
  }
}

void lookup_ours(benchmark::State& state) {
  const Names& all = Names::instance();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(&all.factory[all.names[all.order[i++ & 8191]]]);
}

}  // namespace

void register_lookup_benchmarks() {
  Names::instance();
  for (const int threads : {1, 2}) {
    const std::string name = "lookup_" + std::to_string(threads) + "_threads";
    benchmark::RegisterBenchmark((name + "/bound").c_str(), lookup_bound)
        ->Threads(threads)
        ->UseRealTime();
    benchmark::RegisterBenchmark((name + "/ours").c_str(), lookup_ours)
        ->Threads(threads)
        ->UseRealTime();
  }
}

}  // namespace pet::bench
