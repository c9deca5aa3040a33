// A live pipeline with the threads of a service: readers, polls, trials and swaps at the same time.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/live/live_pipeline.hpp"
#include "tests/await.hpp"
#include "tests/core/live/service.hpp"

using namespace pet;
using namespace pet::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// The real clock and two threads more, as in a service.
void start(Service& service) {
  service.options.clock = {};
  service.options.poll = milliseconds(5);
  service.options.longest_pause = milliseconds(20);
  service.restart();
  service.live->start();
}

}  // namespace

TEST_CASE("a rollback waits neither for a candidate's download nor for rejections to be written",
          "[live]") {
  Service service;
  LocalStorage kept(service.folder / "slow");
  const auto rejections = std::make_shared<FaultyStorage>(kept);
  std::promise<void> open;
  const std::shared_future<void> opened = open.get_future().share();
  std::atomic<bool> is_stalled{false};
  std::atomic<int> stalled{0};
  const auto stall = [&](const std::string& what) {
    if (!is_stalled || what.starts_with("head")) return;
    ++stalled;
    opened.wait();
  };
  rejections->before_each(stall);
  service.watched->before_each(stall);
  service.options.rejections = std::make_shared<Rejections>(rejections);
  start(service);
  service.push("stamp_1");
  await("the first version", [&] { return service.live->is_ready(); });
  service.push("stamp_2");
  await("the second version", [&] { return service.answer() == 22; });
  is_stalled = true;
  service.push("stamp_nan");
  await("the storage to stall", [&] { return stalled > 0; });
  CHECK(service.live->reject_current("bad"));
  await("the first version again", [&] { return service.answer() == 11; });
  is_stalled = false;
  open.set_value();
  service.live.reset();  // before what it asks
}

TEST_CASE("swaps and rollbacks under readers that never pause", "[live][concurrent]") {
  Service service;
  const Hash second = service.push("stamp_2");
  service.push("stamp_1");
  start(service);
  await("the first version", [&] { return service.live->is_ready(); });
  std::atomic<int> wrong{0};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        const double answer = service.answer();
        if (answer != 11 && answer != 22) ++wrong;
      }
    });
  }
  for (int i = 0; i < 10; ++i) {
    CAPTURE(i);
    service.push("stamp_2");
    await("the second version", [&] { return service.answer() == 22; });
    CHECK(service.live->reject_current("enough"));
    await("the first version again", [&] { return service.answer() == 11; });
    service.push("stamp_1");
    // Forgiven, and named again, it is tried again.
    await("the rejection", [&] { return service.options.rejections->forgive(second); });
  }
  readers.clear();
  CHECK(wrong == 0);
  CHECK(service.live->status().rollbacks == 10);
}

TEST_CASE("a pipeline can be destroyed while its candidate hangs in the trial", "[live]") {
  Service service;
  service.options.trial =
      std::make_shared<const Trial>(PET_TRIAL_PROGRAM, TrialLimits{.time = std::chrono::hours(1)});
  start(service);
  service.push("stamp_hangs");
  await("the candidate in its trial", [&] {
    const auto candidate = service.live->status().candidate;
    return candidate && candidate->state == VersionState::kChecked;
  });
  service.live.reset();  // and no hour later
  CHECK(service.live == nullptr);
}

TEST_CASE("a pipeline can be destroyed at any moment of a swap", "[live]") {
  for (int delay = 0; delay < 12; ++delay) {
    Service service;
    service.push("stamp_1");
    start(service);
    if (delay % 2 == 0) await("the first version", [&] { return service.live->is_ready(); });
    service.push("stamp_2");
    std::this_thread::sleep_for(milliseconds(delay));
    const LivePipeline::Snapshot held = service.live->snapshot();
    service.live.reset();
    if (held->pipeline) CHECK_NOTHROW(held->pipeline->predict(XYData::mock({{0.0}})));
  }
}

TEST_CASE("a storage that comes and goes loses no call and no version", "[live]") {
  Service service;
  start(service);
  service.push("stamp_1");
  await("the first version", [&] { return service.live->is_ready(); });
  for (int i = 0; i < 5; ++i) {
    service.watched->break_down(ErrorCode::kStorageUnreachable);
    service.push(i % 2 == 0 ? "stamp_2" : "stamp_1");
    for (int j = 0; j < 20; ++j) CHECK_NOTHROW(service.answer());
    service.watched->heal();
    await("the other version", [&] { return service.answer() == (i % 2 == 0 ? 22 : 11); });
  }
  CHECK(service.live->status().rejections.empty());
}

TEST_CASE("what fails in a thread as nothing should is told once, and ends no thread", "[live]") {
  Service service;
  std::atomic<bool> is_broken{false};
  service.options.clock = {};
  service.options.clock.steady = [&] {
    if (is_broken) throw std::runtime_error("this clock is broken");
    return std::chrono::steady_clock::now();
  };
  service.options.poll = milliseconds(5);
  service.options.longest_pause = milliseconds(20);
  service.push("stamp_1");
  const auto told = [&] {
    return std::ranges::count_if(service.live->status().events, [](const LiveEvent& event) {
      return event.kind == LiveEventKind::kProblem && event.text == "this clock is broken";
    });
  };
  service.restart();
  service.settle();
  REQUIRE(service.answer() == 11);
  is_broken = true;
  service.live->start();
  await("the failure to be told", [&] { return told() > 0; });
  is_broken = false;
  service.push("stamp_2");
  await("the second version", [&] { return service.answer() == 22; });
  CHECK(told() == 1);
}
