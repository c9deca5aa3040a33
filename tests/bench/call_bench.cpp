// One call through the boundary, and creating an instance.
//
// predict_N is our call of a plugin beside a virtual call in one binary, both with the same body and an
// output from the same pool: what is beyond is the boundary's price. predict_1_into_buffer has the
// barest bound, a plain loop into a caller's buffer: what is beyond is everything that a tensor costs.
#include <benchmark/benchmark.h>

#include <memory>
#include <pet/xydata.hpp>
#include <vector>

#include "core/loader/base_plugin.hpp"
#include "core/loader/host_memory.hpp"
#include "core/loader/pet_class.hpp"
#include "tests/bench/bench_plugins.hpp"

namespace pet::bench {
namespace {

PetClass good_filter() {
  auto& farm = PluginFarm::of_size(1);
  const auto cached = farm.cache().find(farm.files().front().hash);
  return farm.loader().load({.binary = cached->binary,
                             .source = std::string(kCacheSource),
                             .key = cached->file,
                             .file = cached->file});
}

struct VirtualFilter {
  virtual ~VirtualFilter() = default;
  virtual XYData predict(const XYData& x) const = 0;
  virtual void predict_into(const std::vector<double>& x, std::vector<double>& y) const = 0;
};

struct VirtualScaler final : VirtualFilter {
  double factor = 2.0;

  // GoodFilter's body (tests/fixtures/behaviour/good_filter.cpp).
  XYData predict(const XYData& x) const override {
    const pet_array& array = x.get()->array;
    XYData y = XYData::adopt(host_tensor_new(array.dtype, array.ndim, array.shape));
    const auto in = x.matrix<double>();
    auto out = y.matrix<double>();
    for (std::int64_t i = 0; i < in.rows(); ++i) {
      for (std::int64_t j = 0; j < in.columns(); ++j) out(i, j) = factor * in(i, j);
    }
    return y;
  }

  void predict_into(const std::vector<double>& x, std::vector<double>& y) const override {
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = factor * x[i];
  }
};

std::unique_ptr<VirtualFilter> opaque_scaler() {
  std::unique_ptr<VirtualFilter> filter = std::make_unique<VirtualScaler>();
  benchmark::DoNotOptimize(filter);
  return filter;
}

XYData column(std::int64_t rows) {
  return XYData::mock(std::vector<double>(static_cast<std::size_t>(rows), 1.5), {rows, 1});
}

void predict_bound(benchmark::State& state) {
  const auto filter = opaque_scaler();
  const XYData x = column(state.range(0));
  for (auto _ : state) {
    const XYData y = filter->predict(x);
    benchmark::DoNotOptimize(y.get());
  }
}

void predict_into_buffer_bound(benchmark::State& state) {
  const auto filter = opaque_scaler();
  const std::vector<double> x(static_cast<std::size_t>(state.range(0)), 1.5);
  std::vector<double> y(x.size());
  for (auto _ : state) {
    filter->predict_into(x, y);
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
}

void predict_ours(benchmark::State& state) {
  const BasePlugin filter = good_filter().create({{"factor", 2.0}});
  const XYData x = column(state.range(0));
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
  benchmark::RegisterBenchmark("predict_1_into_buffer/bound", predict_into_buffer_bound)->Arg(1);
  benchmark::RegisterBenchmark("predict_1_into_buffer/ours", predict_ours)->Arg(1);
}

}  // namespace pet::bench
