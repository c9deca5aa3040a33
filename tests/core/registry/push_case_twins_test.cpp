// Names that differ only in case: refused, also when both are pushed for the first time at once.
#include <catch2/catch.hpp>
#include <thread>

#include "core/registry/push.hpp"
#include "tests/barrier.hpp"
#include "tests/core/registry/pushes.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
using Strings = std::vector<std::string>;

namespace {

// What the storage holds of the class, by key.
std::size_t objects(Bench& bench, const std::string& class_name) {
  return bench.memory.list(class_prefix(class_name)).size();
}

}  // namespace

TEST_CASE("a name that differs from another's only in case is refused", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bench.registry.push(item("MyFilter", "a"));
  bench.registry.persist(item("Stored", "a"));
  CHECK_THROWS_MATCHES(
      bench.registry.push(item("myfilter", "b")), Error,
      fails(ErrorCode::kInvalidName, {"class myfilter differs only in case from MyFilter, which "
                                      "memory: has",
                                      "choose another name"}));
  CHECK_THROWS_MATCHES(bench.registry.persist(item("MYFILTER", "b")), Error,
                       fails(ErrorCode::kInvalidName, {"MyFilter"}));
  CHECK_THROWS_MATCHES(bench.registry.push(item("STORED", "b")), Error,
                       fails(ErrorCode::kInvalidName, {"Stored"}));
  CHECK(objects(bench, "myfilter") == 0);
  // What was fitted of a class, a built-in say, is no class yet.
  const FittedState state{"Myfilter", Binary::from_bytes("learned", "state")};
  bench.registry.put_states({&state, 1});
  CHECK_THROWS_MATCHES(bench.registry.persist(item("Myfilter", "b")), Error,
                       fails(ErrorCode::kInvalidName, {"MyFilter"}));
  // A known class is pushed without looking at the others.
  bench.storage->forget();
  bench.registry.push(item("MyFilter", "b"));
  for (const std::string& text : bench.storage->recorded()) CHECK(text != "list plugins/");
}

TEST_CASE("a twin that is pushed at the same time is noticed before a name is published",
          "[core][registry]") {
  const bool remote = GENERATE(false, true);
  // Another process pushes the twin when this one has looked and found none.
  Bench bench(remote);
  bool other_came = false;
  bench.storage->before_each([&](const std::string& request) {
    if (!request.starts_with("put_many") || std::exchange(other_came, true)) return;
    Registry(std::make_shared<FaultyStorage>(bench.memory)).push(item("MyFilter", "theirs"));
  });
  const auto is_twin =
      fails(ErrorCode::kInvalidName,
            {"class myfilter differs only in case from MyFilter, which memory: has"});
  CHECK_THROWS_MATCHES(bench.registry.push(item("myfilter", "ours")), Error, is_twin);
  CHECK(other_came);
  CHECK(bench.memory.list(log_prefix("myfilter")).empty());
  CHECK(bench.fresh().newest("MyFilter")->hash == hash_of("theirs"));
  // Nothing of it stays, and trying again changes nothing.
  CHECK(objects(bench, "myfilter") == 0);
  CHECK_THROWS_MATCHES(bench.registry.push(item("myfilter", "ours")), Error, is_twin);
  CHECK_THROWS_MATCHES(bench.fresh().push(item("myfilter", "again")), Error, is_twin);
  CHECK(bench.memory.list(log_prefix("myfilter")).empty());
  CHECK(bench.registry.push(item("MyFilter", "more")).number == 2);
}

TEST_CASE("of two twins pushed at once either may be pushed again", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  // Each looks for the other before either has written, then both write, then both look again.
  Bench bench(remote);
  const std::string retried = GENERATE(as<std::string>{}, "MyFilter", "myfilter");
  Barrier looked(2), wrote(2), looked_again(2);
  const auto push = [&](const std::string& name) {
    const auto storage = std::make_shared<FaultyStorage>(bench.memory);
    std::vector<std::pair<std::string, Barrier*>> meetings = {
        {"put_many", &looked}, {"list plugins/", &wrote}, {"list plugins/", &looked_again}};
    auto next = meetings.begin();
    storage->before_each([&](const std::string& request) {
      if (next == meetings.end() || !request.starts_with(next->first)) return;
      (next++)->second->arrive_and_wait();
    });
    return Registry(storage).push_many(std::vector<PushItem>{item(name, "bytes")}).front();
  };
  PushOutcome outcomes[2];
  std::thread other([&] { outcomes[0] = push("MyFilter"); });
  outcomes[1] = push("myfilter");
  other.join();
  REQUIRE(looked_again.met());
  for (const PushOutcome& outcome : outcomes) {
    REQUIRE(outcome.error);
    CHECK(outcome.error->code() == ErrorCode::kInvalidName);
  }
  CHECK(bench.memory.list("plugins/").empty());
  CHECK(bench.fresh().push(item(retried, "bytes")).number == 1);
}

TEST_CASE("a late twin takes back only what it wrote itself", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bench.registry.persist(item("myfilter", "earlier"));
  const auto theirs = [&] {
    bench.memory.put(binary_key("MyFilter", hash_of("theirs"), kLinux), "theirs");
  };
  bool came = false;
  bench.storage->before_each([&](const std::string& request) {
    if (request.starts_with("put_many") && !std::exchange(came, true)) theirs();
  });
  CHECK_THROWS_MATCHES(bench.registry.push(item("myfilter", "ours")), Error,
                       fails(ErrorCode::kInvalidName, {"differs only in case from MyFilter"}));
  CHECK(objects(bench, "myfilter") == 2);
  CHECK(read(bench.memory, binary_key("myfilter", hash_of("earlier"), kLinux)) == "earlier");
}

TEST_CASE("a late twin leaves alone what another has published meanwhile", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bool theirs = false;
  bool published = false;
  const bool late = GENERATE(false, true);  // before, or while it takes back
  const std::string moment = late ? "remove" : "list plugins/myfilter/log/";
  bench.storage->before_each([&](const std::string& request) {
    if (request.starts_with("put_many") && !std::exchange(theirs, true)) {
      bench.memory.put(binary_key("MyFilter", hash_of("theirs"), kLinux), "theirs");
    }
    const bool wrote = bench.memory.head(facts_key("myfilter", hash_of("ours"))).has_value();
    if (!wrote || !request.starts_with(moment) || std::exchange(published, true)) return;
    bench.memory.put(log_key("myfilter", 1), "their entry");
  });
  CHECK_THROWS_MATCHES(bench.registry.push(item("myfilter", "ours")), Error,
                       fails(ErrorCode::kInvalidName, {"differs only in case from MyFilter"}));
  CHECK(published);
  CHECK(read(bench.memory, binary_key("myfilter", hash_of("ours"), kLinux)) == "ours");
  CHECK(bench.memory.head(facts_key("myfilter", hash_of("ours"))));
}

TEST_CASE("a late twin that cannot take back names what to remove", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bool came = false;
  bench.storage->before_each([&](const std::string& request) {
    if (request.starts_with("put_many") && !std::exchange(came, true)) {
      bench.memory.put(binary_key("MyFilter", hash_of("theirs"), kLinux), "theirs");
    }
    if (request.starts_with("remove")) throw Error(ErrorCode::kStorageRefused, "no");
  });
  CHECK_THROWS_MATCHES(
      bench.registry.push(item("myfilter", "ours")), Error,
      fails(ErrorCode::kInvalidName,
            {"differs only in case from MyFilter", "could not remove what it had written",
             "'" + binary_key("myfilter", hash_of("ours"), kLinux) + "'",
             "'" + facts_key("myfilter", hash_of("ours")) + "'", "remove these objects"}));
}
