// A live pipeline whose memory runs out: what it was for is done later, and the service goes on.
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <new>
#include <string>

#include "core/live/live_pipeline.hpp"
#include "tests/await.hpp"
#include "tests/core/live/service.hpp"
#include "tests/failing_new.hpp"

using namespace pet;
using namespace pet::test;

TEST_CASE("a poll that memory runs out for is made up for by the next", "[live][memory]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  REQUIRE(service.answer() == 11);
  const std::string stamps[] = {
      R"({"clazz": "Stamp", "params": {}})",
      R"({"clazz": "Stamp", "params": {}}, {"clazz": "Stamp", "params": {}})"};
  bool has_failed = true;
  for (long nth = 1; has_failed; ++nth) {
    CAPTURE(nth);
    write_file(service.folder / "pipeline.json",
               R"({"clazz": "WrapperPipeline", "params": {"filters": [)" + stamps[nth % 2] + "]}}");
    allocations_left = nth;
    bool has_thrown = false;
    try {
      service.live->poll();
    } catch (const std::exception&) {
      has_thrown = true;
    }
    has_failed = allocations_left == 0;
    allocations_left = -1;
    REQUIRE_FALSE(has_thrown);
    service.live->poll();
    const auto candidate = service.live->status().candidate;
    REQUIRE(candidate.has_value() == (nth % 2 == 0));
  }
  CHECK(service.answer() == 11);
}

TEST_CASE("a judgement that memory runs out for comes all the same", "[live][memory]") {
  Service service;
  std::atomic<bool> is_short{false};
  std::atomic<long> nth{0};
  // Asked by each thread at its work.
  service.options.clock.steady = [&] {
    if (is_short) allocations_left = ++nth;
    return std::chrono::steady_clock::now();
  };
  service.push("stamp_1");
  service.restart();
  service.settle();
  const Hash bad = service.push("stamp_2");
  service.settle();
  REQUIRE(service.answer() == 22);
  service.live->start();
  is_short = true;
  REQUIRE(service.live->reject_current("it is bad"));
  await("the version before", [&] { return service.answer() == 11; });
  const auto kept = std::make_shared<LocalStorage>(service.folder / "rejections");
  await("that it is written down", [&] { return Rejections(kept).find(bad).has_value(); });
  is_short = false;
  CHECK(service.live->status().rollbacks == 1);
  CHECK(Rejections(kept).find(bad)->reason == "it is bad");
}

TEST_CASE("a doubt that memory runs out for is told all the same", "[live][memory]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  REQUIRE(service.answer() == 11);
  for (long nth = 1;; ++nth) {
    CAPTURE(nth);
    const std::string reason = "it is bad, for the " + std::to_string(nth) + "th time";
    REQUIRE(service.live->reject_current(reason));
    allocations_left = nth;
    try {
      service.live->step();
    } catch (const std::bad_alloc&) {
    }
    const bool has_failed = allocations_left == 0;
    allocations_left = -1;
    service.live->step();
    REQUIRE(service.live->status().problem == reason);
    if (!has_failed) break;
  }
  CHECK(service.answer() == 11);
}
