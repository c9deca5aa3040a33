// One call through the boundary: ours beside a virtual call in one binary that computes the same into an
// output from a pool, and creating an instance beside the class's own create with ready values.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include <pet/xydata.hpp>

#include "core/loader/base_plugin.hpp"
#include "core/loader/loader.hpp"
#include "core/loader/pet_class.hpp"
#include "tests/bench/bench_plugins.hpp"

namespace pet::bench {
namespace {

PetClass good_filter() {
  auto& farm = PluginFarm::of_size(1);
  const auto cached = farm.cache().find(farm.files().front().hash);
  return PetClass::from_library(Loader::process().load(cached->binary, cached->file),
                                std::make_shared<const Binary>(cached->binary), "cache");
}

struct VirtualFilter {
  virtual ~VirtualFilter() = default;
  virtual std::vector<double>& predict(const std::vector<double>& x) = 0;
};

// Its output is the simplest pool: one buffer, used again.
struct VirtualScaler final : VirtualFilter {
  double factor = 2.0;
  std::vector<double> pooled;
  std::vector<double>& predict(const std::vector<double>& x) override {
    pooled.resize(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) pooled[i] = x[i] * factor;
    return pooled;
  }
};

void predict_bound(benchmark::State& state) {
  std::unique_ptr<VirtualFilter> filter = std::make_unique<VirtualScaler>();
  benchmark::DoNotOptimize(filter);
  const std::vector<double> x(static_cast<std::size_t>(state.range(0)), 1.5);
  for (auto _ : state) benchmark::DoNotOptimize(filter->predict(x).data());
}

void predict_ours(benchmark::State& state) {
  const BasePlugin filter = good_filter().create({{"factor", 2.0}});
  const std::vector<double> values(static_cast<std::size_t>(state.range(0)), 1.5);
  const XYData x = XYData::mock(values, {state.range(0), 1});
  for (auto _ : state) {
    const XYData y = filter.predict(x);
    benchmark::DoNotOptimize(y.get());
  }
}

struct PlainFilter {
  virtual ~PlainFilter() = default;
  double factor = 2.0;
};

void create_bound(benchmark::State& state) {
  for (auto _ : state) {
    auto filter = std::make_shared<PlainFilter>();
    benchmark::DoNotOptimize(filter);
  }
}

void create_ours(benchmark::State& state) {
  const PetClass clazz = good_filter();
  for (auto _ : state) {
    const BasePlugin filter = clazz.create();
    benchmark::DoNotOptimize(filter);
  }
}

}  // namespace

void register_call_benchmarks() {
  benchmark::RegisterBenchmark("create/bound", create_bound);
  benchmark::RegisterBenchmark("create/ours", create_ours);
  for (const int rows : {1, 8, 1024}) {
    const std::string name = "predict_" + std::to_string(rows);
    benchmark::RegisterBenchmark((name + "/bound").c_str(), predict_bound)->Arg(rows);
    benchmark::RegisterBenchmark((name + "/ours").c_str(), predict_ours)->Arg(rows);
  }
}

}  // namespace pet::bench
