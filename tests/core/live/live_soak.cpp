// live_soak: readers call a live pipeline on every core without a pause, while an author pushes one
// version after the other.
//
//   live_soak --swaps 200
//   live_soak --minutes 60
//
// Each answer must be one version's, and no call may fail. At the end one library of each class is
// loaded, and memory and mappings are where they were after the first swaps. Exit status 1, and what was
// wrong, otherwise.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "core/loader/loader.hpp"
#include "tests/core/live/service.hpp"

namespace pet::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::uint64_t kSettled = 20;  // swaps after which memory shall grow no more
constexpr std::int64_t kSlackKilobytes = 8192;
constexpr std::int64_t kSlackMappings = 40;  // a library has five

struct Goal {
  std::uint64_t swaps = 200;
  std::chrono::minutes time{0};  // 0: as many swaps as said

  bool reached(std::uint64_t done, Clock::time_point since) const {
    return time.count() > 0 ? Clock::now() - since >= time : done >= swaps;
  }
};

std::int64_t resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  std::int64_t value = 0;
  while (status >> word) {
    if (word == "VmRSS:") status >> value;
  }
  return value;
}

std::int64_t mappings() {
  std::ifstream maps("/proc/self/maps");
  return std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
}

struct Readers {
  explicit Readers(const LivePipeline& pipeline) : live(pipeline) {
    const unsigned count = std::max(2U, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < count; ++i) threads.emplace_back([this, i] { read(i); });
  }
  ~Readers() {
    done = true;
    for (std::thread& thread : threads) thread.join();
  }

  // Of two nodes in a chain: 11 times the stamp of both, or a mixture.
  void check(const BasePlugin& pipeline) {
    const double answer = pipeline.predict(zero).matrix<double>()(0, 0);
    if (answer != 11 && answer != 22) ++wrong;
  }

  void read(unsigned number) {
    LivePipeline::Snapshot held;
    for (std::uint64_t call = number; !done; ++call) {
      try {
        const auto version = live.read();
        check(*version->pipeline);
        if (call % 101 == 0) held = version.snapshot();
        if (held && call % 53 == 0) check(*held->pipeline);
        if (call % 997 == 0) held = {};
        ++calls;
      } catch (const std::exception& error) {
        if (failed++ == 0) std::fprintf(stderr, "a call failed: %s\n", error.what());
      }
    }
  }

  const LivePipeline& live;
  const XYData zero = XYData::mock({{0.0}});
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> failed{0};
  std::vector<std::thread> threads;
};

bool wait_for_swap(const LivePipeline& live, std::uint64_t swaps) {
  const auto deadline = Clock::now() + std::chrono::seconds(120);
  while (live.status().swaps < swaps) {
    if (Clock::now() > deadline) {
      std::fprintf(stderr, "no swap for two minutes: %s\n", live.status().problem.c_str());
      return false;
    }
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

// One that leaves the list of those that drain is unloaded after that.
template <class Condition>
bool in_a_minute(const Condition& condition) {
  const auto deadline = Clock::now() + std::chrono::seconds(60);
  while (!condition() && Clock::now() < deadline) std::this_thread::sleep_for(milliseconds(10));
  return condition();
}

bool expect(bool condition, const std::string& what) {
  if (!condition) std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  return condition;
}

int soak(const Goal& goal) {
  Service service({.budget = {.latency_factor = 0, .probation = std::chrono::seconds(0)},
                   .poll = milliseconds(5)});
  service.options.clock = {};  // the real one
  service.restart();
  LivePipeline& live = *service.live;
  service.push("stamp_1");
  live.start();
  if (!live.wait_until_ready(std::chrono::seconds(120))) return 1;

  std::uint64_t swaps = 1;
  std::int64_t memory = 0;
  std::int64_t mapped = 0;
  bool good = true;
  const auto start = Clock::now();
  {
    Readers readers(live);
    while (good && !goal.reached(swaps, start)) {
      service.push(swaps % 2 == 0 ? "stamp_1" : "stamp_2");
      good = wait_for_swap(live, ++swaps);
      service.watched->forget();  // the record of requests is the test's own
      if (swaps == kSettled) {
        memory = resident_kilobytes();
        mapped = mappings();
      }
    }
    readers.done = true;
    good &=
        expect(readers.wrong == 0, std::to_string(readers.wrong) + " answers were of no version");
    good &= expect(readers.failed == 0, std::to_string(readers.failed) + " calls failed");
    good &= expect(readers.calls > swaps, "there were hardly any calls");
    std::printf("%llu swaps, %llu calls in %.1f s: %llu wrong, %llu failed\n",
                static_cast<unsigned long long>(swaps),
                static_cast<unsigned long long>(readers.calls.load()),
                std::chrono::duration<double>(Clock::now() - start).count(),
                static_cast<unsigned long long>(readers.wrong.load()),
                static_cast<unsigned long long>(readers.failed.load()));
  }
  good &= expect(in_a_minute([&] { return live.status().draining.empty(); }),
                 "versions without calls are still there");
  good &= expect(in_a_minute([] { return Loader::process().loaded_count() == 2; }),
                 std::to_string(Loader::process().loaded_count()) +
                     " libraries are loaded, expected one of each class");
  good &= expect(Loader::process().stuck().empty(), "a library stays in memory");
  if (swaps > kSettled) {
    const std::int64_t grown = resident_kilobytes() - memory;
    const std::int64_t more = mappings() - mapped;
    std::printf("memory %+lld KiB, mappings %+lld since swap %llu\n", static_cast<long long>(grown),
                static_cast<long long>(more), static_cast<unsigned long long>(kSettled));
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)  // which keep what was freed
    good &= expect(grown < kSlackKilobytes, "memory grows");
    good &= expect(more < kSlackMappings, "mappings grow");
#endif
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace pet::test

int main(int argc, char** argv) {
  pet::test::Goal goal;
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto value = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--swaps") == 0) goal.swaps = value;
    if (std::strcmp(argv[i], "--minutes") == 0) goal.time = std::chrono::minutes(value);
  }
  return pet::test::soak(goal);
}
