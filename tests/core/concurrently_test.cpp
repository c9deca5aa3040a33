#include "core/concurrently.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>

#include "tests/barrier.hpp"

namespace pet::test {
namespace {

constexpr ThreadUse kEach{.at_most = 8, .calls_worth = 1};

TEST_CASE("each call is made exactly once, however many there are", "[core]") {
  const std::size_t count = GENERATE(0, 1, 3, 4, 8, 63, 1000);
  const ThreadUse use = GENERATE(kForRequests, kEach);
  std::vector<std::atomic<int>> calls(count);
  concurrently(
      count, [&](std::size_t i) { ++calls[i]; }, use);
  for (const auto& each : calls) CHECK(each == 1);
}

TEST_CASE("calls run at the same time", "[core]") {
  Barrier barrier(2);
  concurrently(
      2, [&](std::size_t) { barrier.arrive_and_wait(); }, kEach);
  CHECK(barrier.met());
}

TEST_CASE("no more threads are used than is said, and none for a few calls", "[core]") {
  struct {
    std::size_t calls;
    ThreadUse use;
    std::size_t most;
  } const cases[] = {
      {31, kForRequests, 1}, {32, kForRequests, 2}, {1000, kForRequests, 16},
      {1, kEach, 1},         {3, kEach, 3},         {1000, kEach, 8},
  };
  for (const auto& each : cases) {
    CAPTURE(each.calls, each.use.at_most);
    std::mutex mutex;
    std::set<std::thread::id> threads;
    concurrently(
        each.calls,
        [&](std::size_t) {
          const std::lock_guard lock(mutex);
          threads.insert(std::this_thread::get_id());
        },
        each.use);
    CHECK(threads.size() <= each.most);
    if (each.most == 1) CHECK(threads == std::set{std::this_thread::get_id()});
  }
}

TEST_CASE("the failure of the lowest index is thrown, when all calls have ended", "[core]") {
  std::atomic<int> ended{0};
  const auto call = [&](std::size_t i) {
    // The lowest failure is the last to come.
    if (i == 5) std::this_thread::sleep_for(std::chrono::milliseconds(30));
    ++ended;
    if (i % 2 == 1 && i >= 5) throw std::runtime_error("call " + std::to_string(i));
  };
  CHECK_THROWS_WITH(concurrently(40, call, kEach), "call 5");
  CHECK(ended == 40);
}

}  // namespace
}  // namespace pet::test
