// A live pipeline when things around it go wrong: what it is given, where it gets it from, who stops it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/live/live_pipeline.hpp"
#include "core/loader/bad_input.hpp"
#include "core/registry/keys.hpp"
#include "tests/core/live/service.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
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

TEST_CASE("a mirror that falls behind what was seen changes nothing until it has caught up",
          "[live]") {
  Service service;
  service.push("stamp_1");
  service.settle();
  const std::string behind = *service.storage->get(latest_key("Stamp"));
  service.push("stamp_2");
  service.settle();
  const std::string seen = *service.storage->get(log_key("Stamp", 2));
  const std::string hint = *service.storage->get(latest_key("Stamp"));
  service.storage->remove(log_key("Stamp", 2));
  service.storage->put(latest_key("Stamp"), behind);
  service.now += seconds(70);
  service.settle();
  CHECK(service.answer() == 22);
  service.storage->put(log_key("Stamp", 2), seen);
  service.storage->put(latest_key("Stamp"), hint);
  service.push("stamp_1");
  service.now += seconds(70);
  service.settle();
  CHECK(service.answer() == 11);
  CHECK(service.live->status().problem == "");
  CHECK(service.live->status().rejections.empty());
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
