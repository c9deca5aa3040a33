// The current version of something, read by many threads: ours beside a plain atomic pointer, which is
// fast and frees what is being read. And what reads cost while another thread does nothing but promote:
// the extreme. For whole swaps see swap_bench.cpp.
#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "core/live/live.hpp"
#include "tests/bench/thread_seconds.hpp"

namespace pet::bench {

void register_live_benchmarks();

namespace {

// What a version is called for: some tens of nanoseconds of work.
struct Model {
  explicit Model(double factor) : weights(16, factor) {}
  double answer(double x) const {
    double sum = 0;
    for (const double weight : weights) sum = sum * x + weight;
    return sum;
  }
  std::vector<double> weights;
};

struct Subjects {
  Model plain{1.5};
  std::atomic<const Model*> pointer{&plain};
  std::shared_ptr<const Model> shared = std::make_shared<const Model>(1.5);
  Live<Model> live{Live<Model>::make(1.5)};
  // Without another thread, libstdc++ counts a shared_ptr's copies without atomics: no service's case.
  std::jthread other{[](std::stop_token stop) {
    while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }};

  static Subjects& instance() {
    static Subjects subjects;
    return subjects;
  }
};

void read_bound(benchmark::State& state) {
  const std::atomic<const Model*>& pointer = Subjects::instance().pointer;
  for (auto _ : state) {
    benchmark::DoNotOptimize(pointer.load(std::memory_order_acquire)->weights.data());
  }
}

void read_ours(benchmark::State& state) {
  const Live<Model>& live = Subjects::instance().live;
  for (auto _ : state) benchmark::DoNotOptimize(live.read()->weights.data());
}

void snapshot_bound(benchmark::State& state) {
  const std::shared_ptr<const Model>& shared = Subjects::instance().shared;
  for (auto _ : state) {
    const std::shared_ptr<const Model> copy = shared;
    benchmark::DoNotOptimize(copy->weights.data());
  }
}

void snapshot_ours(benchmark::State& state) {
  const Live<Model>& live = Subjects::instance().live;
  for (auto _ : state) {
    const Live<Model>::Snapshot copy = live.snapshot();
    benchmark::DoNotOptimize(copy->weights.data());
  }
}

void calls(benchmark::State& state, const Live<Model>& live) {
  constexpr int kCalls = 1000;  // in one iteration
  for (auto _ : state) {
    const double start = thread_seconds();
    for (int i = 0; i < kCalls; ++i) benchmark::DoNotOptimize(live.read()->answer(0.5));
    state.SetIterationTime(thread_seconds() - start);
  }
}

void calls_bound(benchmark::State& state) { calls(state, Subjects::instance().live); }

void calls_ours(benchmark::State& state) {
  Live<Model> live(Live<Model>::make(1.5));
  {
    const std::jthread swapper([&live](std::stop_token stop) {
      while (!stop.stop_requested()) live.promote(Live<Model>::make(1.5));
    });
    calls(state, live);
  }
}

}  // namespace

void register_live_benchmarks() {
  Subjects::instance();
  for (const int threads : {1, 2}) {
    const std::string suffix = "_" + std::to_string(threads) + "_threads";
    const auto add = [&](const std::string& name, auto* run) {
      benchmark::RegisterBenchmark(name.c_str(), run)->Threads(threads)->UseRealTime();
    };
    add("live_read" + suffix + "/bound", read_bound);
    add("live_read" + suffix + "/ours", read_ours);
    add("snapshot" + suffix + "/bound", snapshot_bound);
    add("snapshot" + suffix + "/ours", snapshot_ours);
  }
  benchmark::RegisterBenchmark("1000_reads_during_promotions/bound", calls_bound)->UseManualTime();
  benchmark::RegisterBenchmark("1000_reads_during_promotions/ours", calls_ours)->UseManualTime();
}

}  // namespace pet::bench
