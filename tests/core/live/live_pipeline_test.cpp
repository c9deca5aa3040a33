#include "core/live/live_pipeline.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/loader/bad_input.hpp"
#include "core/loader/loader.hpp"
#include "tests/core/live/service.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using std::chrono::seconds;

namespace {

std::string newest_event(const Service& service, LiveEventKind kind) {
  std::string text;
  for (const LiveEvent& event : service.live->status().events) {
    if (event.kind == kind) text = event.text;
  }
  return text;
}

std::string newest_phase(const Service& service) {
  std::string phase;
  for (const LiveEvent& event : service.live->status().events) {
    if (event.state == VersionState::kRejected) phase = event.phase;
  }
  return phase;
}

std::string newest_rejection(const Service& service) {
  const std::vector<Rejection> all = service.live->status().rejections;
  return all.empty() ? "none" : all.front().reason;
}

}  // namespace

TEST_CASE("a version goes from state to state, and then answers", "[live]") {
  Service service;
  CHECK_FALSE(service.live->is_ready());
  CHECK_THROWS_WITH(service.answer(), Contains("pipeline cannot answer yet"));
  service.push("stamp_1");
  service.live->poll();
  CHECK(service.states() == std::vector<std::string>{"found"});
  CHECK(service.live->step());
  CHECK(service.states().back() == "fetched");
  CHECK(service.live->step());
  CHECK(service.states().back() == "checked");
  CHECK(service.live->step());
  CHECK(service.states().back() == "tried");
  CHECK_FALSE(service.live->is_ready());
  CHECK(service.live->step());
  CHECK(service.states().back() == "current");
  CHECK_FALSE(service.live->step());
  CHECK(service.answer() == 11);
  CHECK(service.live->status().current.classes.size() == 2);
}

TEST_CASE("a push becomes current, and calls that go on keep their version", "[live]") {
  Service service;
  const Hash first = service.push("stamp_1");
  service.settle();
  {
    const auto reading = service.live->read();
    service.push("stamp_2");
    service.settle();
    CHECK(service.answer() == 22);
    CHECK(reading->pipeline->predict(XYData::mock({{0.0}})).matrix<double>()(0, 0) == 11);
    CHECK(Loader::process().find(first) != nullptr);
  }
  CHECK(service.live->status().swaps == 2);
}

TEST_CASE("after its probation the version before is unloaded, and that is verified", "[live]") {
  Service service;
  const Hash first = service.push("stamp_1");
  service.settle();
  service.push("stamp_2");
  service.settle();
  CHECK(Loader::process().find(first) != nullptr);  // to be back at once
  service.now += service.options.budget.probation;
  {
    const LivePipeline::Snapshot held = service.live->snapshot();
    service.step_all();
    CHECK(service.states().back() == "unloaded");
  }
  CHECK(Loader::process().find(first) == nullptr);
  CHECK(service.live->status().draining.empty());
}

TEST_CASE("what waits for calls says for how many, and since when", "[live]") {
  Service service({.budget = {.probation = seconds(0)}});
  service.push("stamp_1");
  service.settle();
  LivePipeline::Snapshot held = service.live->snapshot();
  const auto since = service.now += seconds(1);
  service.push("stamp_2");
  service.settle();
  const std::vector<Draining::Waiting> waiting = service.live->status().draining;
  REQUIRE(waiting.size() == 1);
  CHECK(waiting.front().version == 1);
  CHECK(waiting.front().calls == 1);
  CHECK(waiting.front().since >= since);
  held = {};
  service.step_all();
  CHECK(service.live->status().draining.empty());
}

TEST_CASE("what crashes or answers nonsense in the trial never comes here", "[live]") {
  const struct {
    std::string fixture;
    std::string reason;
    std::string phase;
  } bad[] = {{"stamp_crashes", "SIGSEGV", "trial/construct"},
             {"stamp_nan", "trial: ", "trial/call"}};
  for (const auto& version : bad) {
    CAPTURE(version.fixture);
    Service service;
    service.push("stamp_1");
    service.settle();
    const Hash hash = service.push(version.fixture);
    service.settle();
    CHECK(service.answer() == 11);
    CHECK(service.states().back() == "rejected");
    CHECK_THAT(newest_rejection(service), Contains(version.reason));
    CHECK(newest_phase(service) == version.phase);
    CHECK(Loader::process().find(hash) == nullptr);
    CHECK(service.live->status().swaps == 1);
  }
}

TEST_CASE("a restart goes back to the newest version that is not rejected", "[live]") {
  Service service;
  service.push("stamp_1");
  service.push("stamp_2");
  service.push("stamp_crashes");
  service.settle();
  CHECK(service.answer() == 22);
  service.restart();
  service.settle();
  CHECK(service.answer() == 22);
  CHECK(std::ranges::count(service.states(), "rejected") == 0);  // it is not tried again
  CHECK_THAT(newest_rejection(service), Contains("SIGSEGV"));
}

TEST_CASE("a push after a rejected one is followed", "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  service.push("stamp_crashes");
  service.settle();
  service.push("stamp_2");
  service.settle();
  CHECK(service.answer() == 22);
}

TEST_CASE("a version that begins to fail is rolled back, and stays rejected", "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  call(service, 100);
  service.push("stamp_throws_later");
  service.settle();
  CHECK(service.answer() == 33);
  call(service, 200);
  service.now += seconds(2);
  service.settle();
  CHECK(service.answer() == 11);
  CHECK(service.live->status().rollbacks == 1);
  CHECK_THAT(newest_event(service, LiveEventKind::kRollback), Contains("calls failed"));
  CHECK_THAT(newest_rejection(service), Contains("allowed are 1 %"));
  CHECK(newest_phase(service) == "budget");
  service.restart();
  service.settle();
  CHECK(service.answer() == 11);
}

TEST_CASE("a version that turns slow is rolled back", "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  call(service, 100);
  service.push("stamp_slow_later");
  service.settle();
  call(service, 200);
  service.now += seconds(2);
  service.settle();
  CHECK(service.answer() == 11);
  CHECK_THAT(newest_event(service, LiveEventKind::kRollback), Contains("took longer than"));
}

TEST_CASE("a version within its budget stays", "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  call(service, 100);
  service.push("stamp_2");
  service.settle();
  call(service, 200);
  service.now += seconds(2);
  service.settle();
  CHECK(service.answer() == 22);
  CHECK(service.live->status().rollbacks == 0);
}

TEST_CASE("an older version that the log names again becomes current", "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  service.push("stamp_2");
  service.settle();
  service.push("stamp_1");  // a new entry
  service.settle();
  CHECK(service.answer() == 11);
  CHECK(service.live->status().current.number == 3);
}

TEST_CASE("outages and empty answers change nothing", "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  SECTION("nobody answers") {
    service.watched->break_down(ErrorCode::kStorageUnreachable);
    service.settle();
    CHECK(service.answer() == 11);
    CHECK(service.live->status().problem != "");
    service.watched->heal();
    service.push("stamp_2");
    service.settle();
    CHECK(service.answer() == 22);
    CHECK(service.live->status().problem == "");
  }
  SECTION("the storage is wiped") {
    std::filesystem::remove_all(service.folder / "pets");
    service.storage->ensure_exists();
    service.settle();
    CHECK(service.answer() == 11);
  }
  SECTION("the storage fails while a version is fetched") {
    service.push("stamp_2");
    service.live->poll();
    service.watched->break_down(ErrorCode::kStorageUnreachable);
    service.step_all();
    CHECK(service.answer() == 11);
    CHECK_THAT(newest_rejection(service), Contains("none"));
    service.watched->heal();
    service.now += seconds(5);
    service.step_all();
    CHECK(service.answer() == 22);
  }
}

TEST_CASE("a newer move ends the way of one before", "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  service.push("stamp_2");
  service.live->poll();
  service.live->step();
  service.push("stamp_1");
  service.live->poll();
  CHECK_FALSE(service.live->status().candidate.has_value());
  service.step_all();
  CHECK(service.answer() == 11);
  CHECK(service.live->status().swaps == 1);
}

TEST_CASE("a poll without news costs one request for each class that is followed", "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  service.watched->forget();
  service.live->poll();
  std::vector<std::string> asked = service.watched->recorded();
  std::ranges::sort(asked);
  CHECK(asked == std::vector<std::string>{"head plugins/Stamp/log/0000000002.json",
                                          "head plugins/WrapperPipeline/log/0000000002.json"});
}

TEST_CASE("a change of the config's file moves the pins", "[live]") {
  Service service;
  const Hash first = service.push("stamp_1");
  const Hash second = service.push("stamp_2");
  const auto pinned = [](const Hash& hash) {
    return R"({"clazz": "Stamp", "version_hash": ")" + hash.hex() + R"(", "params": {}})";
  };
  const std::string file = service.folder / "pipeline.json";
  write_file(file, pinned(first));
  service.settle();
  CHECK(service.answer() == 1);
  write_file(file, pinned(second));
  service.settle();
  CHECK(service.answer() == 2);
  write_file(file, "{\"clazz\": \"Stamp\", ");  // half a file
  service.settle();
  CHECK(service.answer() == 2);
  CHECK_THAT(service.live->status().problem, Contains("line 1"));
  write_file(file, pinned(first));
  service.settle();
  CHECK(service.answer() == 1);
  CHECK(service.live->status().problem == "");
}

TEST_CASE(
    "a config that makes no sense leaves the one before in force, and is told of until it changes",
    "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  const std::string file = service.folder / "pipeline.json";
  for (const std::string bad : {R"({"clazz": "no name", "params": {}})", "{"}) {
    write_file(file, bad);
    service.settle();
    CHECK_THAT(service.live->status().problem, Contains("pipeline.json"));
    CHECK(service.answer() == 11);
  }
  service.push("stamp_2");  // which the config before follows
  service.settle();
  CHECK(service.answer() == 22);
  CHECK_THAT(service.live->status().problem, Contains("pipeline.json"));
  write_file(file, Service::kTwoStamps);
  service.settle();
  CHECK(service.live->status().problem == "");
}

TEST_CASE("clients that send nonsense roll nothing back", "[live]") {
  Service service({}, R"({"clazz": "Picky", "params": {}})");
  service.push("picky_1");
  service.settle();
  const XYData good = XYData::mock({{0.0}});
  const XYData bad = XYData::mock({{0.0, 1.0}});
  const auto send_bad = [&](const XYData& x) {
    for (int i = 0; i < 200; ++i) CHECK_THROWS_AS(service.live->predict(x), BadInput);
    service.now += seconds(2);
    service.settle();
  };
  for (int i = 0; i < 100; ++i) service.live->predict(good);
  service.push("picky_2");
  service.settle();
  service.live->predict(good);
  send_bad(bad);
  CHECK(service.live->status().rollbacks == 0);
  CHECK(service.live->status().current.calls.failures == 0);

  // What was answered before, and is refused now, is the version's fault.
  service.push("picky_3");
  service.settle();
  for (int i = 0; i < 5; ++i) {
    try {
      service.live->predict(good);
    } catch (const BadInput&) {  // it begins after some calls
    }
  }
  send_bad(good);
  CHECK(service.live->status().rollbacks == 1);
  CHECK_NOTHROW(service.live->predict(good));
}

TEST_CASE("classes to follow are followed though the config pins them", "[live]") {
  const std::string pinned =
      R"({"clazz": "Stamp", "version_hash": ")" + std::string(64, 'a') + R"(", "params": {}})";
  Service service({.follow = {"Stamp"}}, pinned);
  service.push("stamp_1");
  service.settle();
  CHECK(service.answer() == 1);
  service.push("stamp_2");
  service.settle();
  CHECK(service.answer() == 2);
  Service typo({.follow = {"Stamps"}}, pinned);
  typo.live->poll();
  CHECK_THAT(typo.live->status().problem, Contains("did you mean 'Stamp'?"));
}

TEST_CASE("a cache in memory is refused: the trial could not see it", "[live]") {
  Service service;
  Container container({.storage = service.storage, .cache = BinaryCache::in_memory()});
  CHECK_THROWS_WITH(LivePipeline(container, ParamObject{}, {.name = "iris"}),
                    StartsWith("iris: a live pipeline needs a cache directory"));
}
