// A live pipeline when things around it go wrong: what it is given, where it gets it from, who stops it.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/live/live_pipeline.hpp"
#include "core/loader/bad_input.hpp"
#include "tests/await.hpp"
#include "tests/core/live/service.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr const char* kPickyAndStamp = R"({"clazz": "WrapperPipeline", "params": {"filters": [
    {"clazz": "Picky", "params": {}}, {"clazz": "Stamp", "params": {}}]}})";

std::string binary_file(const Service& service, const Hash& hash) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(service.folder / "pets")) {
    const std::string path = entry.path().string();
    if (path.ends_with(hash.hex() + ".so")) return path;
  }
  return "";
}

// The real clock and two threads more, as in a service.
void start(Service& service) {
  service.options.clock = {};
  service.options.poll = milliseconds(5);
  service.options.longest_pause = milliseconds(20);
  service.restart();
  service.live->start();
}

}  // namespace

TEST_CASE("of two that moved together only the bad one is left out", "[live]") {
  Service service({}, kPickyAndStamp);
  service.push("stamp_1");
  service.push("picky_1");
  service.settle();
  const Hash bad = service.push("stamp_crashes");
  const Hash good = service.push("picky_2");
  for (int i = 0; i < 4; ++i) service.settle();
  const LiveStatus status = service.live->status();
  REQUIRE(status.rejections.size() == 1);
  CHECK(status.rejections.front().hash == bad);
  CHECK(std::ranges::count(status.current.classes, std::optional(good), &ClassVersion::hash) == 1);
}

TEST_CASE("what a client sent by mistake measures no candidate", "[live]") {
  Service service({.record = 8}, R"({"clazz": "Picky", "params": {}})");
  service.push("picky_1");
  service.settle();
  CHECK_THROWS_AS(service.live->predict(XYData::mock({{0.0, 1.0}})), BadInput);
  CHECK_THROWS(service.live->predict(XYData()));
  service.push("picky_2");
  service.settle();
  CHECK(service.live->status().swaps == 2);
  CHECK(service.live->status().rejections.empty());
}

TEST_CASE("a binary that is not there yet, or arrives damaged, is waited for", "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  const Hash hash = service.push("stamp_2");
  const std::string file = binary_file(service, hash);
  REQUIRE(file != "");
  const std::string kept = service.folder / "kept.so";
  std::filesystem::rename(file, kept);
  SECTION("not there") {}
  SECTION("a proxy's page in its place") { write_file(file, "<html>"); }
  service.settle();
  CHECK(service.answer() == 11);
  CHECK(service.live->status().rejections.empty());
  CHECK(service.live->status().problem != "");
  std::filesystem::remove(file);
  std::filesystem::rename(kept, file);
  service.now += seconds(70);
  service.settle();
  CHECK(service.answer() == 22);
}

TEST_CASE("a swap goes on wherever the storage fails in it", "[live]") {
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    Service service;
    service.push("stamp_1");
    service.settle();
    service.push("stamp_2");
    service.watched->forget();
    service.watched->fail(nth, ErrorCode::kStorageUnreachable);
    service.live->poll();
    service.step_all();
    const bool is_clean = service.watched->recorded().size() < nth;
    CHECK(service.answer() == (is_clean || service.live->status().swaps == 2 ? 22 : 11));
    service.watched->heal();
    service.now += seconds(70);
    service.settle();
    CHECK(service.answer() == 22);
    CHECK(service.live->status().rejections.empty());
    if (is_clean) break;
    REQUIRE(nth < 100);
  }
}

TEST_CASE("a version that turns bad after its probation goes when one before it is ready",
          "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  const Hash bad = service.push("stamp_throws_later");
  service.settle();
  service.now += service.options.budget.probation;
  service.settle();
  REQUIRE(service.live->status().draining.empty());
  call(service, 400);
  service.now += seconds(2);
  service.live->step();
  CHECK(service.live->status().current.number == 2);
  CHECK(service.live->status().rejections.empty());  // there may be none to go back to
  service.settle();
  CHECK(service.answer() == 11);
  REQUIRE(service.live->status().rejections.size() == 1);
  CHECK(service.live->status().rejections.front().hash == bad);
  service.restart();
  service.settle();
  CHECK(service.answer() == 11);
}

TEST_CASE("the only version there is is not rejected for its calls", "[live]") {
  Service service;
  service.push("stamp_throws_later");
  service.settle();
  call(service, 400);
  service.now += seconds(2);
  service.settle();
  CHECK_THAT(service.live->status().problem, Contains("calls failed"));
  CHECK(service.live->status().rejections.empty());
  service.restart();
  service.settle();
  CHECK(service.live->is_ready());
}

TEST_CASE("somebody may say that the current version is bad", "[live]") {
  Service service;
  CHECK_FALSE(service.live->reject_current("nothing there"));
  service.push("stamp_1");
  service.settle();
  service.push("stamp_2");
  service.settle();
  SECTION("in its probation: the one before is current at once") {
    CHECK(service.live->reject_current("the shop sells nothing"));
    service.live->step();
    CHECK(service.answer() == 11);
    CHECK(service.live->status().rollbacks == 1);
  }
  SECTION("later") {
    service.now += service.options.budget.probation;
    service.settle();
    CHECK(service.live->reject_current("the shop sells nothing"));
    service.settle();
    CHECK(service.answer() == 11);
  }
  const std::vector<Rejection> all = service.live->status().rejections;
  REQUIRE(all.size() == 1);
  CHECK_THAT(all.front().reason, Contains("the shop sells nothing"));
  service.settle();
  CHECK(service.answer() == 11);
}

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

TEST_CASE("of two that moved together, the one without which calls go well is rejected", "[live]") {
  Service service({}, kPickyAndStamp);
  service.push("picky_1");
  service.push("stamp_1");
  service.settle();
  call(service, 100);
  const auto judge = [&] {
    call(service, 200);
    service.now += service.options.budget.window;
    service.settle();
  };
  const auto is_current = [&](const Hash& hash) {
    const LiveStatus status = service.live->status();
    return std::ranges::count(status.current.classes, std::optional(hash), &ClassVersion::hash) ==
           1;
  };
  std::optional<Hash> good;
  std::optional<Hash> bad;
  SECTION("the one published before") {
    bad = service.push("stamp_throws_later");
    good = service.push("picky_2");
  }
  SECTION("the last one") {
    good = service.push("picky_2");
    bad = service.push("stamp_throws_later");
  }
  service.settle();
  REQUIRE(is_current(*bad));
  judge();
  CHECK(service.live->status().rollbacks == 1);
  CHECK(service.live->status().rejections.empty());  // which of them, nobody knows yet
  judge();
  REQUIRE(service.live->status().rejections.size() == 1);
  CHECK(service.live->status().rejections.front().hash == *bad);
  CHECK_THAT(service.live->status().rejections.front().reason, Contains("calls failed"));
  service.settle();
  CHECK(is_current(*good));
  judge();
  CHECK(is_current(*good));
  CHECK(service.live->status().rejections.size() == 1);
}

TEST_CASE("what is forgiven is tried again without another entry of the log", "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  const Hash second = service.push("stamp_2");
  service.settle();
  CHECK(service.live->reject_current("enough"));
  service.settle();
  CHECK(service.answer() == 11);
  SECTION("by the application") { CHECK(service.options.rejections->forgive(second)); }
  SECTION("by another process") {
    Rejections others(std::make_shared<LocalStorage>(service.folder / "rejections"));
    CHECK(others.forgive(second));
  }
  service.settle();
  CHECK(service.answer() == 22);
  CHECK(service.live->status().rejections.empty());
}

TEST_CASE("rejections that cannot be read again stop no version", "[live]") {
  Service service;
  service.push("stamp_1");
  service.push("stamp_crashes");
  service.settle();
  std::filesystem::remove_all(service.folder / "rejections");
  service.push("stamp_2");
  service.settle();
  CHECK(service.answer() == 22);
  CHECK_THAT(service.live->status().problem, Contains("what is forgiven cannot be found out"));
}

TEST_CASE("a service starts with the newest binary that is there", "[live]") {
  Service service;
  service.push("stamp_1");
  service.push("stamp_2");
  const Hash newest = service.push("stamp_nan");
  const Hash newer = *service.author.open_plugin(Service::fixture("stamp_2")).hash();
  const std::string file = binary_file(service, newest);
  std::filesystem::rename(file, service.folder / "kept.so");
  SECTION("the one before") {
    service.settle();
    CHECK(service.answer() == 22);
    CHECK_THAT(
        service.live->status().problem,
        Contains("Stamp " + newest.short_hex() + " is named by the log of Stamp, but not in"));
    std::filesystem::rename(service.folder / "kept.so", file);
    service.settle();
    REQUIRE(service.live->status().rejections.size() == 1);  // there it is, and tried
    CHECK(service.live->status().rejections.front().hash == newest);
    CHECK(service.answer() == 22);
  }
  SECTION("the one before that, and then each that comes") {
    const std::string newer_file = binary_file(service, newer);
    std::filesystem::rename(newer_file, service.folder / "kept_2.so");
    service.settle();
    CHECK(service.answer() == 11);
    std::filesystem::rename(service.folder / "kept_2.so", newer_file);
    service.settle();
    CHECK(service.answer() == 22);
    CHECK(service.live->status().problem != "");
    service.push("stamp_1");  // a move: what was missing matters no more
    service.settle();
    CHECK(service.answer() == 11);
    CHECK(service.live->status().problem == "");
  }
  SECTION("none") {
    for (const char* const name : {"stamp_1", "stamp_2"}) {
      std::filesystem::remove(
          binary_file(service, *service.author.open_plugin(Service::fixture(name)).hash()));
    }
    service.settle();
    CHECK_FALSE(service.live->is_ready());
    CHECK_THAT(service.live->status().problem, Contains("but not in"));
    service.push("stamp_2");
    service.settle();
    CHECK(service.answer() == 22);
  }
}

TEST_CASE("a service does not start with another binary where the newest is damaged or pinned",
          "[live]") {
  const Hash first = Binary::read(Service::fixture("stamp_1")).hash();
  const std::string pinned =
      R"({"clazz": "Stamp", "version_hash": ")" + first.hex() + R"(", "params": {}})";
  Service service({}, pinned);
  service.push("stamp_2");
  service.push("stamp_1");
  const std::string file = binary_file(service, first);
  std::filesystem::rename(file, service.folder / "kept.so");
  SECTION("pinned") {}
  SECTION("damaged") {
    write_file(service.folder / "pipeline.json", R"({"clazz": "Stamp", "params": {}})");
    write_file(file, "<html>");
  }
  service.settle();
  CHECK_FALSE(service.live->is_ready());
  CHECK_THAT(service.live->status().problem, Contains("Stamp"));
  std::filesystem::remove(file);
  std::filesystem::rename(service.folder / "kept.so", file);
  service.now += seconds(70);
  service.settle();
  CHECK(service.answer() == 1);
}
