// Writing: what a push stores, in which order, and when it moves latest.
#include "core/registry/push.hpp"

#include <catch2/catch.hpp>

#include "tests/core/registry/pushes.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
using Strings = std::vector<std::string>;

namespace {

PublishOptions refusing() { return {.message = {}, .on_older = OnOlder::kRefuse}; }
PublishOptions comparing() { return {.message = {}, .check_existing = CheckExisting::kBytes}; }

// What the storage holds of the class, by key.
std::size_t objects(Bench& bench, const std::string& class_name) {
  return bench.memory.list(class_prefix(class_name)).size();
}

}  // namespace

TEST_CASE("a push stores binary, facts, entry and hint, in that order", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  const Hash hash = hash_of("version 1");
  const PushResult result =
      bench.registry.push(item("MyFilter", "version 1", {.message = "the first"}));
  CHECK(result.class_name == "MyFilter");
  CHECK(result.hash == hash);
  CHECK(result.platform == kLinux);
  CHECK(result.kind == PushKind::kPublished);
  CHECK(result.number == 1);
  CHECK_FALSE(result.from);

  const std::string folder = "plugins/MyFilter/";
  CHECK(bench.writes() == Strings{"put_many " + folder + hash.hex() + ".so",
                                  "put_many " + folder + hash.hex() + ".json",
                                  "put_many " + folder + "log/0000000001.json",
                                  "put_many " + folder + "latest.json"});
  CHECK(read(bench.memory, binary_key("MyFilter", hash, kLinux)) == "version 1");
  CHECK_THAT(read(bench.memory, facts_key("MyFilter", hash)), Contains(hash.hex()));
  CHECK(read(bench.memory, latest_key("MyFilter")) == read(bench.memory, log_key("MyFilter", 1)));

  const LogEntry entry = *bench.registry.newest("MyFilter");
  CHECK(entry.message == "the first");
  CHECK(entry.by == "ann@build7");
  CHECK(entry.release == Release{{kLinux, {hash, 9}}});
  CHECK(entry.write_id.size() == 32);
  REQUIRE(bench.events.size() == 1);
  CHECK(bench.events[0].kind == EventKind::kPublish);
  CHECK(bench.events[0].class_name == "MyFilter");
  CHECK(bench.events[0].message == "entry 1");
}

TEST_CASE("who pushes is user@host unless told", "[core][registry]") {
  const auto memory = std::make_shared<MemoryStorage>();
  Registry registry(memory);
  registry.push(item("MyFilter", "a"));
  CHECK_THAT(registry.newest("MyFilter")->by, Catch::Matchers::Matches("[^@]+@[^@]+"));
}

TEST_CASE("each push follows the one before", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bench.registry.push(item("MyFilter", "version 1"));
  const PushResult result = bench.registry.push(item("MyFilter", "version 2"));
  CHECK(result.kind == PushKind::kPublished);
  CHECK(result.number == 2);
  CHECK(result.from == hash_of("version 1"));
  CHECK(result.from_number == 1);
  const LogEntry entry = *bench.registry.newest("MyFilter");
  CHECK(entry.previous == hash_of(*bench.memory.get(log_key("MyFilter", 1))));
  CHECK(bench.registry.check_log("MyFilter") == 2);
}

TEST_CASE("pushing what is latest already writes nothing", "[core][registry]") {
  Bench bench;
  bench.registry.push(item("MyFilter", "version 1"));
  bench.storage->forget();
  bench.events.clear();
  Registry again = bench.fresh();
  const PushResult result = again.push(item("MyFilter", "version 1", refusing()));
  CHECK(result.kind == PushKind::kUnchanged);
  CHECK(result.number == 1);
  CHECK(result.put_back == 0);
  CHECK_FALSE(result.from);
  CHECK(bench.writes().empty());
  CHECK(bench.storage->recorded().size() == 5);
  CHECK(bench.events.empty());
}

TEST_CASE("pushing what is latest already puts back what is missing, and says so",
          "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  const PushResult first = bench.registry.push(item("MyFilter", "version 1"));
  CHECK(first.put_back == 0);
  const std::string key = binary_key("MyFilter", first.hash, first.platform);
  REQUIRE(bench.memory.remove(key));
  REQUIRE(bench.memory.remove(facts_key("MyFilter", first.hash)));
  const PushResult second = bench.registry.push(item("MyFilter", "version 1"));
  CHECK(second.kind == PushKind::kUnchanged);
  CHECK(second.put_back == 2);
  CHECK(bench.memory.get(key) == "version 1");
}

TEST_CASE("pushing what is latest already heals the hint", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bench.registry.push(item("MyFilter", "version 1"));
  bench.registry.push(item("MyFilter", "version 2"));
  const std::string key = latest_key("MyFilter");
  const std::string good = *bench.memory.get(key);
  const std::string old = *bench.memory.get(log_key("MyFilter", 1));
  const std::string bad = GENERATE_COPY(as<std::string>{}, "absent", "", "nonsense", old);
  bad == "absent" ? void(bench.memory.remove(key)) : bench.memory.put(key, bad);
  bench.storage->forget();
  CHECK(bench.registry.push(item("MyFilter", "version 2")).kind == PushKind::kUnchanged);
  CHECK(bench.writes() == Strings{"put_many " + key});
  CHECK(*bench.memory.get(key) == good);
}

TEST_CASE("pushing an older version moves back by a new entry, or refuses", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  for (const char* version : {"version 1", "version 2", "version 3"}) {
    bench.registry.push(item("MyFilter", version));
  }
  CHECK_THROWS_MATCHES(
      bench.registry.push(item("MyFilter", "version 1", refusing())), Error,
      fails(ErrorCode::kUsage,
            {"MyFilter " + hash_of("version 1").short_hex() + " is entry 1 of its log",
             "latest is entry 3 (" + hash_of("version 3").short_hex() + ")", "--move-back"}));
  CHECK(bench.registry.newest("MyFilter")->number == 3);

  const PushResult result = bench.registry.push(item("MyFilter", "version 1"));
  CHECK(result.kind == PushKind::kMovedBack);
  CHECK(result.number == 4);
  CHECK(result.from == hash_of("version 3"));
  CHECK(result.from_number == 3);
  CHECK(bench.registry.newest("MyFilter")->hash == hash_of("version 1"));
  // What was refused a moment ago is latest now.
  CHECK(bench.registry.push(item("MyFilter", "version 1", refusing())).kind ==
        PushKind::kUnchanged);
}

TEST_CASE("an older version is found in a long log too", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  for (int i = 0; i < 50; ++i) bench.registry.push(item("A", std::to_string(i)));
  const int old = GENERATE(0, 1, 32, 33, 48);
  CHECK(bench.registry.push(item("A", std::to_string(old))).kind == PushKind::kMovedBack);
}

TEST_CASE("what a storage far away has of a class is asked by one list", "[core][registry]") {
  Bench bench(true);
  bench.registry.push(item("MyFilter", "version 1"));
  const std::string prefix = "plugins/MyFilter/";
  bench.storage->forget();
  bench.fresh().push(item("MyFilter", "version 1"));
  CHECK(bench.storage->recorded() ==
        std::vector<std::string>{"list_objects " + prefix, "get " + prefix + "latest.json",
                                 "get " + prefix + "log/0000000001.json"});
  SECTION("a class that it does not have takes no other request before the first put") {
    bench.storage->forget();
    bench.fresh().push(item("New", "version 1"));
    const std::vector<std::string> recorded = bench.storage->recorded();
    REQUIRE(recorded.size() == 8);
    CHECK(recorded[0] == "list_objects plugins/New/");
    CHECK(recorded[1] == "list plugins/");
    CHECK(recorded[2] == "put_many " + binary_key("New", hash_of("version 1"), kLinux));
    CHECK(recorded[6] == "list_objects plugins/New/" + hash_of("version 1").hex());
  }
  SECTION("one with more objects than one list has is asked for each") {
    for (int i = 0; i < 1000; ++i) bench.memory.put(prefix + "0/" + std::to_string(i), "");
    bench.storage->forget();
    CHECK(bench.fresh().push(item("MyFilter", "version 1")).kind == PushKind::kUnchanged);
    CHECK(bench.storage->recorded().size() == 6);
  }
}

TEST_CASE("a new version is pushed without reading the log", "[core][registry]") {
  Bench bench;
  for (int i = 0; i < 50; ++i) bench.registry.push(item("A", std::to_string(i)));
  bench.storage->forget();
  bench.registry.push(item("A", "new"));
  // Hint, list, entry; binary there?; four writes; binary and facts still there?
  CHECK(bench.storage->recorded().size() == 10);
}

TEST_CASE("persist stores binary and facts and moves nothing", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  const PushResult result = bench.registry.persist(item("MyFilter", "a"));
  CHECK(result.kind == PushKind::kPersisted);
  CHECK(result.number == 0);
  CHECK(bench.writes().size() == 2);
  CHECK_FALSE(bench.registry.newest("MyFilter"));
  CHECK(bench.registry.require_binary("MyFilter", hash_of("a")) == "a");

  bench.storage->forget();
  bench.registry.persist(item("MyFilter", "a"));
  CHECK(bench.writes().empty());
  // Persisted first, it is new to the log all the same.
  CHECK(bench.registry.push(item("MyFilter", "a")).kind == PushKind::kPublished);
}

TEST_CASE("a binary's key that is taken by other bytes stops the push", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bench.registry.push(item("MyFilter", "version 1"));
  const std::string key = binary_key("MyFilter", hash_of("version 2"), kLinux);
  const std::size_t before = objects(bench, "MyFilter");

  bench.memory.put(key, "short");
  const auto corrupt = fails(
      ErrorCode::kCorrupt,
      {"MyFilter " + hash_of("version 2").short_hex() + " was not pushed: '" + key + "' in memory:",
       "it has 5 bytes, expected 9", "remove that object and push again"});
  CHECK_THROWS_MATCHES(bench.registry.push(item("MyFilter", "version 2")), Error, corrupt);
  CHECK_THROWS_MATCHES(bench.registry.persist(item("MyFilter", "version 2")), Error, corrupt);
  CHECK(bench.registry.newest("MyFilter")->number == 1);
  CHECK(objects(bench, "MyFilter") == before + 1);

  // The same size: only a comparison of the bytes sees it.
  bench.memory.put(key, "version X");
  CHECK_THROWS_MATCHES(bench.registry.push(item("MyFilter", "version 2", comparing())), Error,
                       fails(ErrorCode::kCorrupt, {"it has sha256 " + hash_of("version X").hex() +
                                                   ", expected " + hash_of("version 2").hex()}));
  CHECK(bench.registry.newest("MyFilter")->number == 1);

  bench.memory.put(key, "version 2");
  CHECK(bench.registry.push(item("MyFilter", "version 2", comparing())).number == 2);
}

TEST_CASE("a damaged binary of the newest entry is noticed by pushing it again",
          "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bench.registry.push(item("MyFilter", "version 1"));
  const std::string key = binary_key("MyFilter", hash_of("version 1"), kLinux);
  bench.memory.put(key, "");
  CHECK_THROWS_MATCHES(bench.registry.push(item("MyFilter", "version 1")), Error,
                       fails(ErrorCode::kCorrupt, {"it has 0 bytes, expected 9"}));
  // Once removed, the next push puts it back, though latest does not move.
  bench.memory.remove(key);
  CHECK(bench.registry.push(item("MyFilter", "version 1")).kind == PushKind::kUnchanged);
  CHECK(read(bench.memory, key) == "version 1");
}

TEST_CASE("one release holds a binary for each platform", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  const PushItem both{
      .binaries = {artifact("MyFilter", "arm", kArm), artifact("MyFilter", "intel")}};
  const PushResult result = bench.registry.push(both);
  CHECK(result.hash == hash_of("arm"));
  CHECK(result.platform == kArm);
  const LogEntry entry = *bench.registry.newest("MyFilter");
  CHECK(entry.hash == hash_of("arm"));
  CHECK(entry.release == Release{{kArm, {hash_of("arm"), 3}}, {kLinux, {hash_of("intel"), 5}}});

  // A part of what is latest is latest; anything else is a release of exactly the files given.
  CHECK(bench.registry.push(item("MyFilter", "intel")).kind == PushKind::kUnchanged);
  bench.registry.push(item("MyFilter", "intel 2"));
  CHECK(bench.registry.newest("MyFilter")->release == Release{{kLinux, {hash_of("intel 2"), 7}}});
  CHECK(bench.registry.push(both).kind == PushKind::kMovedBack);
}

TEST_CASE("a push that makes no sense is refused before any request", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  const auto refused = [&](const PushItem& wrong, const std::string& says) {
    CHECK_THROWS_MATCHES(bench.registry.push(wrong), Error, fails(ErrorCode::kUsage, {says}));
  };
  refused({}, "was given no binary");
  refused({.binaries = {artifact("A", "a"), artifact("B", "b", kArm)}},
          "one release cannot hold A and B");
  refused({.binaries = {artifact("A", "a"), artifact("A", "b")}},
          "a release of A has two binaries for one platform");
  refused(item("A", "a", {.message = "\xff"}), "is not UTF-8");
  CHECK(bench.storage->recorded().empty());
}

TEST_CASE("many classes are pushed for four writes", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  std::vector<PushItem> items;
  for (int i = 0; i < 30; ++i) items.push_back(item("Class" + std::to_string(i), "bytes"));
  const std::vector<PushOutcome> outcomes = bench.registry.push_many(items);
  REQUIRE(outcomes.size() == 30);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    REQUIRE(outcomes[i].result);
    CHECK(outcomes[i].result->class_name == "Class" + std::to_string(i));
    CHECK(outcomes[i].result->number == 1);
  }
  CHECK(bench.writes().size() == 4);
  CHECK(bench.registry.class_names().size() == 30);
}

TEST_CASE("pushing nothing asks nothing of the storage", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  CHECK(bench.registry.push_many({}).empty());
  CHECK(bench.registry.persist_many({}).empty());
  CHECK(bench.storage->recorded().empty());
}

TEST_CASE("one class's failure does not stop the others", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bench.registry.push(item("Damaged", "1"));
  bench.memory.put(log_key("Damaged", 1), "{");
  bench.memory.put(binary_key("Taken", hash_of("t"), kLinux), "not t");
  for (const char* version : {"1", "2"}) bench.registry.push(item("Older", version));
  const std::vector<PushItem> items{
      item("Good", "g"), item("Damaged", "2"),           item("1nvalid", "x"), item("Taken", "t"),
      item("good", "g"), item("Older", "1", refusing()), item("Good", "h"),    item("Fine", "f"),
  };
  const std::vector<PushOutcome> outcomes = bench.registry.push_many(items);
  struct {
    std::optional<ErrorCode> code;
    const char* says;
  } const expected[] = {
      {{}, ""},
      {ErrorCode::kCorrupt, "plugins/Damaged/log/0000000001.json"},
      {ErrorCode::kInvalidName, "1nvalid"},
      {ErrorCode::kCorrupt, "Taken"},
      {ErrorCode::kInvalidName, "class good differs only in case from Good, which is pushed too"},
      {ErrorCode::kUsage, "Older"},
      {ErrorCode::kUsage, "Good was given twice in one push"},
      {{}, ""},
  };
  for (std::size_t i = 0; i < items.size(); ++i) {
    INFO(i);
    CHECK(outcomes[i].result.has_value() == !expected[i].code);
    REQUIRE(outcomes[i].error.has_value() == expected[i].code.has_value());
    if (!expected[i].code) continue;
    CHECK_THAT(*outcomes[i].error, fails(*expected[i].code, {expected[i].says}));
  }
  CHECK(bench.registry.newest("Good")->hash == hash_of("g"));
  CHECK(bench.registry.newest("Fine")->number == 1);
}

TEST_CASE("a release whose binaries are there can be published by its hashes", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bench.registry.push({.binaries = {artifact("A", "a1"), artifact("A", "arm", kArm)}});
  bench.registry.push(item("A", "a2"));
  const LogEntry first = *bench.registry.entry("A", 1);

  const PushResult result =
      bench.registry.publish("A", first.hash, first.release, {.message = "back"});
  CHECK(result.kind == PushKind::kMovedBack);
  CHECK(result.number == 3);
  CHECK(result.platform == kLinux);
  CHECK(bench.registry.newest("A")->release == first.release);
  CHECK(bench.registry.newest("A")->message == "back");
  CHECK(read(bench.memory, latest_key("A")) == read(bench.memory, log_key("A", 3)));
  CHECK(bench.registry.publish("A", first.hash, first.release).kind == PushKind::kUnchanged);
  // A part of the release is another release.
  CHECK(bench.registry.publish("A", first.hash, {{kLinux, {hash_of("a1"), 2}}}).number == 4);

  CHECK_THROWS_MATCHES(bench.registry.publish("A", hash_of("x"), first.release), Error,
                       fails(ErrorCode::kUsage, {"does not have " + hash_of("x").hex()}));
  CHECK_THROWS_MATCHES(bench.registry.publish("A", hash_of("x"), {{kLinux, {hash_of("x"), 1}}}),
                       Error, fails(ErrorCode::kVersionNotFound, {"no version", "there are: "}));
  CHECK_THROWS_MATCHES(bench.registry.publish("A", hash_of("a1"), {{kLinux, {hash_of("a1"), 7}}}),
                       Error, fails(ErrorCode::kCorrupt, {"it has 2 bytes, expected 7"}));
  CHECK(bench.registry.newest("A")->number == 4);
}

TEST_CASE("a storage that cannot put if absent is refused unless there is one writer",
          "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bench.storage->limit_to({.list = true, .write = true, .put_if_absent = false});
  CHECK_THROWS_MATCHES(
      bench.registry.push(item("A", "a")), Error,
      fails(ErrorCode::kStorageUnsupported, {"memory: cannot put an object only if it is absent",
                                             "ContainerOptions::single_writer"}));
  CHECK(bench.storage->recorded().empty());

  SECTION("as the application says") { bench.options.write_mode = WriteMode::kSingleWriter; }
  SECTION("as who opened the storage says") {
    bench.storage->limit_to(
        {.list = true, .write = true, .put_if_absent = false, .single_writer = true});
  }
  Registry single = bench.fresh();
  CHECK(single.push(item("A", "a")).number == 1);
  CHECK(single.push(item("A", "b")).number == 2);
  CHECK(single.push(item("A", "a")).kind == PushKind::kMovedBack);
  CHECK(single.check_log("A") == 3);
}

TEST_CASE("a storage that cannot be written says so at once", "[core][registry]") {
  const bool remote = GENERATE(false, true);
  Bench bench(remote);
  bench.storage->limit_to({.list = true, .write = false, .put_if_absent = false});
  const auto refused = fails(ErrorCode::kStorageUnsupported,
                             {"memory: cannot be written: push to the storage that it mirrors"});
  CHECK_THROWS_MATCHES(bench.registry.push(item("A", "a")), Error, refused);
  CHECK_THROWS_MATCHES(bench.registry.publish("A", hash_of("a"), {{kLinux, {hash_of("a"), 1}}}),
                       Error, refused);
  CHECK(bench.storage->recorded().empty());
}
