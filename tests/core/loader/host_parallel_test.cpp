#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/loader/failure_text.hpp"
#include "core/loader/plugin_host.hpp"
#include "core/loader/thread_pool.hpp"

namespace pet {
namespace {

template <class Work>
pet_status for_each(PluginHost& host, std::uint64_t count, Work work,
                    pet_failure* failure = nullptr) {
  const auto body = [](void* context, std::uint64_t index, pet_failure* text) -> pet_status {
    return (*static_cast<Work*>(context))(index, text);
  };
  return host.pool().for_each(count, body, &work, failure);
}

TEST_CASE("every index is visited once", "[core][concurrent]") {
  const auto host = PluginHost::make({.observer = {}, .blobs = {}, .threads = 4});
  for (const std::uint64_t count : {0, 1, 2, 3, 4, 5, 63, 1000, 100001}) {
    std::vector<std::atomic<int>> visits(count);
    CHECK(for_each(*host, count, [&](std::uint64_t i, pet_failure*) {
            ++visits[i];
            return PET_OK;
          }) == PET_OK);
    for (const auto& visit : visits) REQUIRE(visit == 1);
  }
}

TEST_CASE("the lowest failing index speaks for all, and all run", "[core][concurrent]") {
  const auto host = PluginHost::make({.observer = {}, .blobs = {}, .threads = 4});
  std::atomic<int> visits{0};
  FailureText failure;
  const pet_status status = for_each(
      *host, 1000,
      [&](std::uint64_t i, pet_failure* text) -> pet_status {
        ++visits;
        return i % 100 == 37 ? report(text, PET_BAD_INPUT, "index " + std::to_string(i)) : PET_OK;
      },
      failure.get());
  CHECK(status == PET_BAD_INPUT);
  CHECK(failure.text() == "index 37");
  CHECK(visits == 1000);
}

TEST_CASE("an exception that leaves a body is a failure of the loop", "[core][concurrent]") {
  const auto host = PluginHost::make({.observer = {}, .blobs = {}, .threads = 2});
  FailureText failure;
  CHECK(for_each(
            *host, 10,
            [](std::uint64_t i, pet_failure*) -> pet_status {
              if (i == 3) throw 3;
              return PET_OK;
            },
            failure.get()) == PET_FAILED);
  CHECK(failure.text() == "an exception left the body of a parallel loop");
}

TEST_CASE("nested loops finish, whatever the number of threads", "[core][concurrent]") {
  for (const unsigned threads : {1u, 2u, 3u}) {
    const auto host = PluginHost::make({.observer = {}, .blobs = {}, .threads = threads});
    std::atomic<int> visits{0};
    for_each(*host, 8, [&](std::uint64_t, pet_failure*) {
      return for_each(*host, 8, [&](std::uint64_t, pet_failure*) {
        return for_each(*host, 8, [&](std::uint64_t, pet_failure*) {
          ++visits;
          return PET_OK;
        });
      });
    });
    CHECK(visits == 8 * 8 * 8);
  }
}

TEST_CASE("loops of several threads run side by side", "[core][concurrent]") {
  const auto host = PluginHost::make({.observer = {}, .blobs = {}, .threads = 3});
  std::atomic<int> visits{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        for_each(*host, 20, [&](std::uint64_t, pet_failure*) {
          ++visits;
          return PET_OK;
        });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(visits == 4 * 50 * 20);
}

TEST_CASE("no more threads work than the host has", "[core][concurrent]") {
  const auto host = PluginHost::make({.observer = {}, .blobs = {}, .threads = 2});
  CHECK(host->concurrency() == 2);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  for_each(*host, 1000, [&](std::uint64_t, pet_failure*) {
    std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
    return PET_OK;
  });
  CHECK(threads.size() <= 2);
  CHECK(PluginHost::process()->concurrency() >= 1);
}

}  // namespace
}  // namespace pet
