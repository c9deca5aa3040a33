// Pushes that break at every point: nothing is half visible, and the next push completes them.
#include <catch2/catch.hpp>

#include "tests/core/registry/pushes.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;

namespace {

void check_sound(Bench& bench, const std::string& class_name) {
  pet::test::check_sound(bench.fresh(), bench.memory, class_name);
}

void check_complete(Bench& bench, const std::string& class_name, std::uint64_t number) {
  pet::test::check_complete(bench.fresh(), bench.memory, class_name, number);
}

}  // namespace

TEST_CASE("a push that fails at any operation is completed by the next one", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  const FaultAt at = GENERATE(FaultAt::kBefore, FaultAt::kAfter);
  const ErrorCode code = GENERATE(ErrorCode::kStorageUnreachable, ErrorCode::kStorageRefused);
  const std::uint64_t count = GENERATE(1u, 1000u);  // one hiccup, or down until the next push
  const int before = GENERATE(0, 2);
  bool clean = false;
  for (std::uint64_t nth = 1; !clean; ++nth) {
    REQUIRE(nth < 100);
    INFO("operation " << nth << " of a push after " << before << " versions");
    Bench bench(remote);
    for (int i = 0; i < before; ++i) bench.registry.push(item("MyFilter", std::to_string(i)));
    bench.events.clear();

    bench.storage->forget();
    bench.storage->fail(nth, code, at, count);
    Registry pusher = bench.fresh();
    try {
      const PushResult result = pusher.push(item("MyFilter", "new"));
      CHECK(result.number == static_cast<std::uint64_t>(before) + 1);
      CHECK(result.kind == PushKind::kPublished);
    } catch (const Error& error) {
      CHECK(error.code() == code);
    }
    clean = bench.storage->recorded().size() < nth;
    bench.storage->heal();
    check_sound(bench, "MyFilter");

    pusher.push(item("MyFilter", "new"));
    check_complete(bench, "MyFilter", static_cast<std::uint64_t>(before) + 1);
  }
}

TEST_CASE("a batch that fails at any operation is completed by the next one", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  const FaultAt at = GENERATE(FaultAt::kBefore, FaultAt::kAfter);
  const std::vector<PushItem> items{item("A", "new"), item("B", "new"), item("C", "new")};
  bool clean = false;
  for (std::uint64_t nth = 1; !clean; ++nth) {
    REQUIRE(nth < 100);
    INFO("operation " << nth);
    Bench bench(remote);
    bench.registry.push(item("B", "old"));
    bench.storage->forget();
    bench.storage->fail(nth, ErrorCode::kStorageUnreachable, at);
    Registry pusher = bench.fresh();
    for (const PushOutcome& outcome : pusher.push_many(items)) {
      CHECK(outcome.result.has_value() != outcome.error.has_value());
    }
    clean = bench.storage->recorded().size() < nth;
    bench.storage->heal();
    for (const char* name : {"A", "B", "C"}) check_sound(bench, name);

    for (const PushOutcome& outcome : pusher.push_many(items)) CHECK(outcome.result);
    check_complete(bench, "A", 1);
    check_complete(bench, "B", 2);
    check_complete(bench, "C", 1);
  }
}

TEST_CASE("an entry that was written although the storage said no is one's own",
          "[core][registry]") {
  const bool remote = GENERATE(false, true);
  // The put of the entry fails after it happened, in a batch and alone.
  const std::uint64_t failures = GENERATE(1u, 2u);
  Bench bench(remote);
  bench.registry.push(item("MyFilter", "old"));
  bench.storage->forget();
  bench.registry.push(item("Probe", "x"));
  std::uint64_t entry_put = 0;
  const std::vector<std::string> recorded = bench.storage->recorded();
  for (std::uint64_t i = 0; i < recorded.size(); ++i) {
    if (recorded[i] == "put_many " + log_key("Probe", 1)) entry_put = i + 1;
  }
  REQUIRE(entry_put > 0);

  Bench other(remote);
  other.storage->fail(entry_put, ErrorCode::kStorageUnreachable, FaultAt::kAfter, failures);
  const PushResult result = other.registry.push(item("Probe", "x"));
  CHECK(result.kind == PushKind::kPublished);
  CHECK(result.number == 1);
  CHECK(other.registry.history("Probe").size() == 1);
  CHECK(read(other.memory, latest_key("Probe")) == read(other.memory, log_key("Probe", 1)));
}

TEST_CASE("half a push of every kind is completed by the next one", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench whole(remote);
  whole.registry.push(item("MyFilter", "new"));
  const std::vector<std::string> keys{binary_key("MyFilter", hash_of("new"), kLinux),
                                      facts_key("MyFilter", hash_of("new")), log_key("MyFilter", 1),
                                      latest_key("MyFilter")};
  for (std::size_t done = 0; done <= keys.size(); ++done) {
    Bench half(remote);
    for (std::size_t i = 0; i < done; ++i) half.memory.put(keys[i], *whole.memory.get(keys[i]));
    const PushResult result = half.registry.push(item("MyFilter", "new"));
    CHECK(result.kind == (done < 3 ? PushKind::kPublished : PushKind::kUnchanged));
    check_complete(half, "MyFilter", 1);
  }
}

TEST_CASE("a hint that cannot be written does not fail the push", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bench.registry.push(item("Probe", "x"));
  std::uint64_t hint_put = bench.storage->recorded().size();
  REQUIRE(bench.storage->recorded().back() == "put_many " + latest_key("Probe"));

  Bench other(remote);
  other.storage->fail(hint_put, ErrorCode::kStorageRefused);
  CHECK(other.registry.push(item("Probe", "x")).number == 1);
  REQUIRE(other.damages().size() == 1);
  CHECK_THAT(other.damages()[0], Contains("the hint was not written: injected fault"));
  CHECK(other.fresh().newest("Probe")->number == 1);
}

namespace {

// A collector that removes a binary as soon as the entry is there, when it may do so no more.
class CollectingStorage : public FaultyStorage {
 public:
  explicit CollectingStorage(MemoryStorage& within) : FaultyStorage(within), within_(within) {}

 protected:
  std::vector<PutOutcome> do_put_many(std::span<const PutItem> items) override {
    auto outcomes = FaultyStorage::do_put_many(items);
    if (items[0].key.find("/log/") != std::string_view::npos) {
      for (const std::string& key : within_.list("plugins/A/")) {
        if (key.ends_with(".so") || binary_hash(key, "A")) within_.remove(key);
      }
      within_.remove(facts_key("A", hash_of("a")));
    }
    return outcomes;
  }

 private:
  MemoryStorage& within_;
};

}  // namespace

TEST_CASE("what a collector removed before the entry named it is put back", "[core][registry]") {
  MemoryStorage memory;
  Registry registry(std::make_shared<CollectingStorage>(memory));
  CHECK(registry.push(item("A", "a")).number == 1);
  CHECK(read(memory, binary_key("A", hash_of("a"), kLinux)) == "a");
  CHECK(memory.head(facts_key("A", hash_of("a"))));
}

TEST_CASE("an unreachable storage is not asked once for every class", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  std::vector<PushItem> items;
  for (int i = 0; i < 3; ++i) items.push_back(item("Class" + std::to_string(i), "x"));
  bench.registry.push_many(items);
  std::uint64_t first_put = 0;
  const std::vector<std::string> recorded = bench.storage->recorded();
  while (!recorded[first_put].starts_with("put_many")) ++first_put;

  Bench down(remote);
  down.storage->fail(first_put + 1, ErrorCode::kStorageUnreachable, FaultAt::kBefore, 1000);
  for (const PushOutcome& outcome : down.registry.push_many(items)) {
    REQUIRE(outcome.error);
    CHECK(outcome.error->code() == ErrorCode::kStorageUnreachable);
  }
  CHECK(down.writes().size() == 2);
}
