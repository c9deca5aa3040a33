// The parts of a live pipeline that need no plugin.
#include <catch2/catch.hpp>
#include <string>

#include "core/live/budget.hpp"
#include "core/live/call_stats.hpp"
#include "core/live/resolved_config.hpp"
#include "core/pipeline/json_document.hpp"

using namespace pet;
using Catch::Matchers::Contains;
using std::chrono::nanoseconds;

namespace {

CallCounts counts(int calls, int failures, nanoseconds each) {
  CallStats stats;
  for (int i = 0; i < calls; ++i) {
    stats.record(each, i < failures ? CallOutcome::kFailed : CallOutcome::kAnswered);
  }
  return stats.counts();
}

}  // namespace

TEST_CASE("a duration's bucket ends above it, by an eighth at most", "[live][stats]") {
  for (std::int64_t time = 0; time < (std::int64_t{1} << 36); time = time * 9 / 8 + 1) {
    CAPTURE(time);
    const std::size_t bucket = CallCounts::bucket_of(nanoseconds(time));
    REQUIRE(CallCounts::end_of(bucket).count() > time);
    REQUIRE(CallCounts::end_of(bucket).count() <= time + time / 8 + 1);
    if (bucket > 0) REQUIRE(CallCounts::end_of(bucket - 1).count() <= time);
  }
  CHECK(CallCounts::bucket_of(nanoseconds(-5)) == 0);
  CHECK(CallCounts::bucket_of(std::chrono::hours(10'000)) == CallCounts::kBuckets - 1);
}

TEST_CASE("quantiles are of the calls counted, also of those since some moment", "[live][stats]") {
  CallStats stats;
  for (int i = 0; i < 99; ++i) stats.record(nanoseconds(1000), CallOutcome::kAnswered);
  const CallCounts before = stats.counts();
  stats.record(nanoseconds(1'000'000), CallOutcome::kFailed);
  const CallCounts now = stats.counts();
  CHECK(now.calls == 100);
  CHECK(now.failures == 1);
  CHECK(now.quantile(0.5) == CallCounts::end_of(CallCounts::bucket_of(nanoseconds(1000))));
  CHECK(now.quantile(0.99) == now.quantile(0.5));
  CHECK(now.quantile(1) > nanoseconds(1'000'000));
  CHECK((now - before).calls == 1);
  CHECK((now - before).quantile(0.5) > nanoseconds(1'000'000));
  CHECK(CallCounts().quantile(0.5) == nanoseconds(0));
}

TEST_CASE("a budget judges enough calls, beside those of the version before", "[live][budget]") {
  const Budget budget;
  const CallCounts fast = counts(100, 0, nanoseconds(1'000'000));
  CHECK_FALSE(budget.excess(counts(49, 49, nanoseconds(1)), fast));
  CHECK_FALSE(budget.excess(counts(100, 1, nanoseconds(1'000'000)), fast));
  CHECK_THAT(budget.excess(counts(100, 5, nanoseconds(1'000'000)), fast).value_or(""),
             Contains("5 of its last 100 calls failed (5 %), allowed are 1 %"));
  // The one before failed as often: callers send what it cannot answer.
  CHECK_FALSE(budget.excess(counts(100, 5, nanoseconds(1)), counts(100, 4, nanoseconds(1))));
  CHECK_THAT(budget.excess(counts(100, 0, nanoseconds(10'000'000)), fast).value_or(""),
             Contains("half of its last 100 calls took longer than"));
  CHECK_FALSE(budget.excess(counts(100, 0, nanoseconds(2'900'000)), fast));
  // Tiny calls that became less tiny.
  CHECK_FALSE(budget.excess(counts(100, 0, nanoseconds(10'000)), counts(100, 0, nanoseconds(50))));
  CHECK_FALSE(budget.excess(counts(100, 0, nanoseconds(10'000'000)), CallCounts()));
}

TEST_CASE("a config resolves to one whose nodes are all pinned", "[live][config]") {
  const Hash hash = Hash::of("stamp");
  const LiveConfig config(parse_json(R"({"clazz": "Chain", "builtin": "1", "params": {"filters": [
      {"clazz": "Stamp", "version_hash": null, "params": {}, "state_hash": ")" +
                                     Hash::of("state").hex() + R"("},
      {"clazz": "Known", "version_hash": ")" +
                                     Hash::of("known").hex() + R"(", "params": {}},
      {"clazz": "Scaler", "params": {}}]}})")
                              .as_object());
  CHECK(config.followed() == std::vector<std::string>{"Scaler", "Stamp"});
  ClassChoices choices;
  choices["Stamp"] = {.name = "Stamp", .hash = hash, .builtin = {}, .number = 7};
  choices["Scaler"] = {.name = "Scaler", .hash = {}, .builtin = "2"};
  const ResolvedConfig first = config.resolve(choices);
  CHECK(first.classes.size() == 4);
  CHECK(first.states.size() == 1);
  CHECK_THAT(first.text, Contains(hash.hex()));
  CHECK_THAT(first.text,
             Contains(R"("clazz": "Scaler", "params": {}, "version_hash": null, "builtin": "2")"));
  CHECK(config.resolve(choices).id == first.id);
  CHECK(moved_classes(&first, config.resolve(choices)).empty());
  choices["Stamp"].hash = Hash::of("next");
  const ResolvedConfig second = config.resolve(choices);
  CHECK(second.id != first.id);
  REQUIRE(moved_classes(&first, second).size() == 1);
  CHECK(moved_classes(&first, second).front().name == "Stamp");
}
