// What a live pipeline of a thousand classes costs while nothing moves: the processor's time of the whole
// process, for so long as six polls take. The bound is what is asked: one per cent of a core.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/cache/binary_cache.hpp"
#include "core/factory/container.hpp"
#include "core/live/live_pipeline.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/local_storage.hpp"
#include "tests/bench/bench_plugins.hpp"
#include "tests/renamed_plugin.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::bench {
namespace {

using std::chrono::milliseconds;

bool is_short() { return many_plugins() < 100; }
std::size_t classes() { return is_short() ? 4 : 1000; }
milliseconds poll() { return is_short() ? milliseconds(50) : milliseconds(5'000); }
milliseconds watched() { return 6 * poll(); }

double process_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Pushes all, and answers with a pipeline of them.
ParamObject pushed(const PetClassManager& manager, const test::TemporaryFolder& folder) {
  std::vector<PetClass> all{manager.open_plugin(PET_FIXTURE_DIR "/wrapper_pipeline.so")};
  std::string filters;
  for (std::size_t i = 0; i < classes(); ++i) {
    const std::string name = test::numbered_name(i);
    const std::string file = folder / (name + ".so");
    test::write_file(file, std::string(test::numbered_plugin(i).view()));
    all.push_back(manager.open_plugin(file));
    filters += (i == 0 ? "" : ", ") + (R"({"clazz": ")" + name + R"(", "params": {}})");
  }
  for (const PushOutcome& outcome : manager.push_many(all)) {
    if (outcome.error) throw Error(*outcome.error);
  }
  return parse_json(R"({"clazz": "WrapperPipeline", "params": {"filters": [)" + filters + "]}}")
      .as_object();
}

void watch_bound(benchmark::State& state) {
  for (auto _ : state) {
    state.SetIterationTime(std::chrono::duration<double>(watched()).count() / 100);
  }
}

void watch_ours(benchmark::State& state) {
  const test::TemporaryFolder folder;
  Container container({.storage = std::make_shared<LocalStorage>(folder / "pets"),
                       .cache = std::make_shared<BinaryCache>(folder / "cache")});
  LivePipeline live(container, pushed(container.pcm, folder),
                    {.trial = std::make_shared<const Trial>(PET_TRIAL_PROGRAM), .poll = poll()});
  live.start();
  if (!live.wait_until_ready(std::chrono::minutes(2))) {
    throw std::runtime_error(live.status().problem);
  }
  for (auto _ : state) {
    const std::uint64_t polls = live.status().polls;
    const double start = process_seconds();
    std::this_thread::sleep_for(watched());
    state.SetIterationTime(process_seconds() - start);
    if (live.status().polls == polls) throw std::runtime_error("it did not poll");
  }
  state.counters["classes"] = static_cast<double>(classes());
}

}  // namespace

void register_watch_benchmarks() {
  const auto add = [](const char* name, auto* run) {
    benchmark::RegisterBenchmark(name, run)->UseManualTime()->Iterations(1);
  };
  add("watch_1000_classes/bound", watch_bound);
  add("watch_1000_classes/ours", watch_ours);
}

}  // namespace pet::bench
