// A candidate tried in a process of its own, from posix_spawn until it is reaped: loaded, constructed,
// called twice and destroyed. Beside the plugin's own time for that: the same in this process. What is
// beyond is the trial's.
#include <benchmark/benchmark.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "core/live/trial.hpp"
#include "core/loader/base_plugin.hpp"
#include "core/loader/pet_class.hpp"
#include "tests/bench/bench_plugins.hpp"

namespace pet::bench {
namespace {

std::vector<XYData> one_sample() {
  std::vector<XYData> samples;
  samples.push_back(XYData::mock<double>({{1.0, 2.0}, {3.0, 4.0}}));
  return samples;
}

void trial_bound(benchmark::State& state) {
  auto& farm = PluginFarm::of_size(1);
  const Hash hash = farm.files().front().hash;
  const std::vector<XYData> samples = one_sample();
  for (auto _ : state) {
    const auto cached = farm.cache().find(hash);
    const BasePlugin plugin = farm.loader()
                                  .load({.binary = cached->binary,
                                         .source = std::string(kCacheSource),
                                         .key = cached->file,
                                         .name = "GoodFilter",
                                         .file = cached->file})
                                  .create();
    for (int i = 0; i < 2; ++i) benchmark::DoNotOptimize(plugin.predict(samples[0]).get());
  }
}

void trial_ours(benchmark::State& state) {
  auto& farm = PluginFarm::of_size(1);
  const PluginFile& file = farm.files().front();
  const Trial trial(PET_TRIAL_PROGRAM);
  const TrialRequest request{.config = R"({"clazz": "GoodFilter", "version_hash": ")" +
                                       file.hash.hex() + R"(", "params": {}})",
                             .cache = farm.directory(),
                             .samples = one_sample(),
                             .expected = {},
                             .answer_rules = {}};
  for (auto _ : state) {
    const TrialReport report = trial.run(request);
    if (!report.passed) throw std::runtime_error(report.reason);
  }
}

}  // namespace

void register_trial_benchmarks() {
  benchmark::RegisterBenchmark("trial/bound", trial_bound)->UseRealTime();
  benchmark::RegisterBenchmark("trial/ours", trial_ours)->UseRealTime();
}

}  // namespace pet::bench
