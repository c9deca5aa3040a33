// What calls of a live pipeline cost while its versions are swapped one after the other without a pause:
// fetched, tried in a process of their own, loaded, promoted, drained and unloaded. The processor's time of
// the calling thread, beside the same without swaps. Asked: at most 1.3 times.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

#include "core/cache/binary_cache.hpp"
#include "core/factory/container.hpp"
#include "core/live/live_pipeline.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/memory_storage.hpp"
#include "tests/bench/bench_plugins.hpp"
#include "tests/bench/thread_seconds.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::bench {
namespace {

// A service that has one of two versions.
class Swapped {
 public:
  Swapped() {
    for (ParamObject& pin : pins_) {
      const int number = &pin == pins_ ? 1 : 2;
      const PetClass clazz =
          container_.pcm.open_plugin(PET_FIXTURE_DIR "/stamp_" + std::to_string(number) + ".so");
      container_.pcm.push(clazz);
      pin = parse_json(R"({"clazz": "Stamp", "params": {}, "version_hash": ")" +
                       clazz.hash()->hex() + "\"}")
                .as_object();
    }
    live_ = std::make_unique<LivePipeline>(
        container_, pins_[0],
        LiveOptions{.samples = {std::make_shared<const XYData>(XYData::mock({{0.0}}))},
                    .trial = std::make_shared<const Trial>(PET_TRIAL_PROGRAM)});
    live_->start();
    if (!live_->wait_until_ready(std::chrono::seconds(60))) throw std::runtime_error("not ready");
  }

  LivePipeline& live() { return *live_; }

  void swap_until(const std::stop_token& stop) {
    for (int next = 1; !stop.stop_requested(); next = 1 - next) {
      const std::uint64_t swaps = live_->status().swaps;
      live_->set_config(pins_[next]);
      live_->poll_soon();
      while (live_->status().swaps == swaps && !stop.stop_requested()) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    }
  }

 private:
  test::TemporaryFolder folder_;
  Container container_{{.storage = std::make_shared<MemoryStorage>(),
                        .cache = std::make_shared<BinaryCache>(folder_ / "cache")}};
  ParamObject pins_[2];
  std::unique_ptr<LivePipeline> live_;
};

void calls(benchmark::State& state, const LivePipeline& live) {
  constexpr int kCalls = 1000;  // in one iteration
  const XYData x = XYData::mock({{0.0}});
  for (auto _ : state) {
    const double start = thread_seconds();
    for (int i = 0; i < kCalls; ++i) benchmark::DoNotOptimize(live.predict(x).get());
    state.SetIterationTime(thread_seconds() - start);
  }
}

void calls_bound(benchmark::State& state) {
  Swapped service;
  calls(state, service.live());
}

void calls_ours(benchmark::State& state) {
  Swapped service;
  const std::uint64_t before = service.live().status().swaps;
  const auto start = std::chrono::steady_clock::now();
  {
    const std::jthread swapper([&](const std::stop_token& stop) { service.swap_until(stop); });
    calls(state, service.live());
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  const auto swaps = static_cast<double>(service.live().status().swaps - before);
  state.counters["swaps_per_second"] = swaps / time.count();
}

}  // namespace

void register_swap_benchmarks() {
  benchmark::RegisterBenchmark("1000_calls_swapped/bound", calls_bound)->UseManualTime();
  benchmark::RegisterBenchmark("1000_calls_swapped/ours", calls_ours)->UseManualTime();
}

}  // namespace pet::bench
