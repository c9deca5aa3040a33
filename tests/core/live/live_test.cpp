#include "core/live/live.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "tests/barrier.hpp"

namespace pet {
namespace {

// Counts those alive; what it was made with, twice, so that a half-made or freed one is seen.
struct Counting {
  explicit Counting(std::uint64_t number, std::atomic<int>& alive)
      : first(number), second(~number), alive_(alive) {
    ++alive_;
  }
  ~Counting() {
    first = second = 0;
    --alive_;
  }
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;

  bool is_whole() const { return first == ~second; }

  std::uint64_t first;
  std::uint64_t second;

 private:
  std::atomic<int>& alive_;
};

using LiveCount = Live<Counting>;

struct Alive {
  ~Alive() { hazard::destroy_unused(); }  // what a test's reads have kept counts itself out here
  std::atomic<int> count{0};
};

TEST_CASE_METHOD(Alive, "readers see the version that was current when they asked", "[live]") {
  LiveCount live(LiveCount::make(1U, count));
  const auto before = live.read();
  const auto held = live.snapshot();
  live.promote(LiveCount::make(2U, count));
  CHECK(before->first == 1);
  CHECK(held->first == 1);
  CHECK(live.read()->first == 2);
  CHECK(live.snapshot()->first == 2);
}

TEST_CASE_METHOD(Alive, "a version is destroyed with its last handle, on that thread", "[live]") {
  LiveCount live(LiveCount::make(1U, count));
  auto held = live.snapshot();
  auto copy = held;
  auto before = live.promote(LiveCount::make(2U, count));
  CHECK(before.users() == 2);
  held = {};
  CHECK(before.users() == 1);
  copy = {};
  CHECK(before.users() == 0);
  CHECK(count == 2);
  before = {};
  CHECK(count == 1);
}

TEST_CASE_METHOD(Alive, "a version that is read is kept when nobody else holds it", "[live]") {
  LiveCount live(LiveCount::make(1U, count));
  {
    const auto reading = live.read();
    auto before = live.promote(LiveCount::make(2U, count));
    CHECK(before.users() == 1);
    before = {};  // the last handle that counts
    CHECK(count == 2);
    CHECK(reading->is_whole());
    live.promote(LiveCount::make(3U, count));  // 2 is destroyed at once, 1 still read
    CHECK(count == 2);
    CHECK(reading->first == 1);
  }
  live.promote(LiveCount::make(4U, count));
  CHECK(count == 1);
}

TEST_CASE_METHOD(Alive, "a read can become a snapshot when all others have dropped the version",
                 "[live]") {
  LiveCount live(LiveCount::make(1U, count));
  LiveCount::Snapshot held;
  {
    const auto reading = live.read();
    live.promote(LiveCount::make(2U, count));  // its answer is dropped here
    held = reading.snapshot();
  }
  live.promote(LiveCount::make(3U, count));
  REQUIRE(count == 2);
  CHECK(held->first == 1);
  CHECK(held->is_whole());
  held = {};
  CHECK(count == 1);
}

TEST_CASE_METHOD(Alive, "a snapshot outlives the Live and its thread", "[live]") {
  LiveCount::Snapshot held;
  std::thread([&] {
    LiveCount live(LiveCount::make(7U, count));
    held = live.snapshot();
  }).join();
  CHECK(held->first == 7);
  held = {};
  CHECK(count == 0);
}

TEST_CASE_METHOD(Alive, "one thread may have many reads, which end in any order", "[live]") {
  constexpr std::size_t kMany = 3 * hazard::Slots::kReads;
  LiveCount live(LiveCount::make(1U, count));
  std::vector<std::unique_ptr<std::optional<LiveCount::Read>>> reads;
  for (std::size_t i = 0; i < kMany; ++i) {
    reads.push_back(std::make_unique<std::optional<LiveCount::Read>>());
    reads.back()->emplace(live);
  }
  auto before = live.promote(LiveCount::make(2U, count));
  for (std::size_t i = 0; i < kMany; ++i) {
    CHECK(before.users() == kMany - i);
    const std::size_t next = i % 2 == 0 ? i / 2 : kMany - 1 - i / 2;  // from both ends
    CHECK((**reads[next])->first == 1);
    reads[next]->reset();
  }
  CHECK(before.users() == 0);
}

TEST_CASE_METHOD(Alive, "what one Live's reader holds keeps no version of another", "[live]") {
  LiveCount one(LiveCount::make(1U, count));
  LiveCount other(LiveCount::make(2U, count));
  const auto reading = one.read();
  CHECK(other.promote(LiveCount::make(3U, count)).users() == 0);
  CHECK(count == 2);
}

TEST_CASE_METHOD(Alive, "a thread that ended reads nothing", "[live]") {
  LiveCount live(LiveCount::make(1U, count));
  for (int i = 0; i < 100; ++i) {
    std::thread([&] { CHECK_NOTHROW(live.read()->is_whole()); }).join();
  }
  CHECK(live.promote(LiveCount::make(2U, count)).users() == 0);
}

// Every way of holding a version at once, and swaps without a pause.
TEST_CASE_METHOD(Alive, "no reader ever meets a torn or destroyed version", "[live][concurrent]") {
  constexpr int kReaders = 3;
  constexpr std::uint64_t kSwaps = 4000;
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> calls{0};
  {
    LiveCount live(LiveCount::make(0U, count));
    std::vector<std::thread> readers;
    for (int i = 0; i < kReaders; ++i) {
      readers.emplace_back([&, i] {
        LiveCount::Snapshot kept;
        std::uint64_t newest = 0;
        for (std::uint64_t call = 0; !done || call < 100; ++call) {
          const auto reading = live.read();
          if (!reading->is_whole() || reading->first < newest) ++wrong;  // never back
          newest = reading->first;
          if (call % 7 == static_cast<std::uint64_t>(i)) kept = reading.snapshot();
          if (call % 11 == 0) kept = live.snapshot();
          if (call % 13 == 0) kept = {};
          if (kept && !kept->is_whole()) ++wrong;
          ++calls;
        }
      });
    }
    std::vector<LiveCount::Snapshot> draining;
    for (std::uint64_t number = 1; number <= kSwaps; ++number) {
      auto before = live.promote(LiveCount::make(number, count));
      if (number % 2 == 0) draining.push_back(std::move(before));  // else: whoever is last
      std::erase_if(draining, [](const auto& version) { return version.users() == 0; });
      if (number % 64 == 0) std::this_thread::yield();
    }
    done = true;
    for (std::thread& reader : readers) reader.join();
  }
  hazard::destroy_unused();
  CHECK(wrong == 0);
  CHECK(calls > 0);
  CHECK(count == 0);
}

}  // namespace
}  // namespace pet
