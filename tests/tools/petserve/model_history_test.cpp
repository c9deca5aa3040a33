#include "tools/petserve/model_history.hpp"

#include <catch2/catch.hpp>

using namespace pet;
using namespace pet::tools;
using namespace std::chrono_literals;

namespace {

ModelHistory::Time at(int second) {
  return ModelHistory::Time(std::chrono::seconds(1'000 + second));
}

}  // namespace

TEST_CASE("a move knows the latency before it and after it, up to the next one", "[petserve]") {
  ModelHistory history;
  CallStats stats;
  const auto call = [&](int count, std::chrono::nanoseconds time) {
    for (int i = 0; i < count; ++i) stats.record(time, CallOutcome::kAnswered);
  };
  history.tick(at(0), stats.counts());
  call(10, 1ms);
  history.tick(at(1), stats.counts());
  history.add(ModelHistory::MoveKind::kSwap, {.time = at(2), .version = 2, .text = "new"},
              stats.counts());
  CHECK(history.moves()[0].before.calls == 10);
  CHECK(history.moves()[0].after.calls == 0);

  call(5, 8ms);
  history.tick(at(3), stats.counts());
  CHECK(history.moves()[0].after.calls == 5);
  CHECK(history.moves()[0].after.p50 > history.moves()[0].before.p99);

  history.add(ModelHistory::MoveKind::kRollback, {.time = at(4), .version = 1, .text = "slow"},
              stats.counts());
  call(7, 1ms);
  history.tick(at(5), stats.counts());
  const auto moves = history.moves();
  CHECK(moves[0].after.calls == 5);
  CHECK(moves[1].after.calls == 7);
  CHECK(to_string(moves[1].kind) == "rollback");

  call(100, 1ms);
  history.tick(at(34), stats.counts());  // the last tick that belongs to it
  call(100, 1ms);
  history.tick(at(35), stats.counts());
  CHECK(history.moves()[1].after.calls == 107);
}

TEST_CASE("what was longer than thirty seconds before a move is not told of it", "[petserve]") {
  ModelHistory history;
  CallStats stats;
  for (int second = 0; second <= 50; ++second) {
    history.tick(at(second), stats.counts());
    stats.record(1ms, second < 10 ? CallOutcome::kFailed : CallOutcome::kAnswered);
  }
  history.add(ModelHistory::MoveKind::kRejection, {.time = at(51), .version = 3, .text = "bad"},
              stats.counts());
  CHECK(history.moves()[0].before.calls == 30);
  const auto seconds = history.seconds();
  REQUIRE(seconds.size() == 50);
  CHECK(seconds.front().failures == 1);
  CHECK(seconds.back().failures == 0);
  CHECK(history.recent().calls == 50);
}

TEST_CASE("ten moves are kept, and sixty seconds", "[petserve]") {
  ModelHistory history;
  for (std::uint64_t version = 1; version <= 12; ++version) {
    history.add(ModelHistory::MoveKind::kSwap, {.time = at(0), .version = version, .text = {}}, {});
  }
  REQUIRE(history.moves().size() == 10);
  CHECK(history.moves().front().version == 3);
  for (int second = 0; second < 100; ++second) history.tick(at(second), {});
  CHECK(history.seconds().size() == 60);
}
