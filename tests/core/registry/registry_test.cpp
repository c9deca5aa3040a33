// Reading: the newest entry, the log, versions and names, with every document damaged in turn.
#include "core/registry/registry.hpp"

#include <catch2/catch.hpp>

#include "core/artifact/machine.hpp"
#include "tests/barrier.hpp"
#include "tests/core/registry/pushes.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
using Strings = std::vector<std::string>;

namespace {

void push_versions(Bench& bench, int count, const std::string& class_name = "MyFilter") {
  for (int i = 1; i <= count; ++i) {
    bench.registry.push(item(class_name, "version " + std::to_string(i)));
  }
}

constexpr Capabilities kNoList{.list = false, .write = true, .put_if_absent = true};

}  // namespace

TEST_CASE("a class without a log has no newest entry, in words when it is required",
          "[core][registry]") {
  Bench bench;
  CHECK_FALSE(bench.registry.newest("KnnFilter"));
  CHECK_FALSE(bench.registry.entry("KnnFilter", 1));
  CHECK(bench.registry.history("KnnFilter").empty());
  CHECK(bench.registry.versions("KnnFilter").empty());
  CHECK(bench.registry.check_log("KnnFilter") == 0);
  CHECK(bench.registry.class_names().empty());
  const auto not_found =
      fails(ErrorCode::kClassNotFound,
            {"No remote versions found for KnnFilter in memory:", "petctl push KnnFilter.so"});
  CHECK_THROWS_MATCHES(bench.registry.require_newest("KnnFilter"), Error, not_found);
  CHECK_THROWS_MATCHES(bench.registry.require_binary("KnnFilter", hash_of("x")), Error, not_found);
  CHECK(bench.damages().empty());
}

TEST_CASE("an invalid name is refused before any request", "[core][registry]") {
  Bench bench;
  const std::string name = GENERATE(as<std::string>{}, "", "../etc", "a/b", "1st", "My Filter",
                                    std::string("A\0B", 3), "Fïlter", std::string(129, 'x'));
  const Registry& registry = bench.registry;
  const auto invalid = fails(ErrorCode::kInvalidName);
  CHECK_THROWS_MATCHES(registry.newest(name), Error, invalid);
  CHECK_THROWS_MATCHES(registry.require_newest(name), Error, invalid);
  CHECK_THROWS_MATCHES(registry.entry(name, 1), Error, invalid);
  CHECK_THROWS_MATCHES(registry.history(name), Error, invalid);
  CHECK_THROWS_MATCHES(registry.check_log(name), Error, invalid);
  CHECK_THROWS_MATCHES(registry.versions(name), Error, invalid);
  CHECK_THROWS_MATCHES(registry.binary_bytes(name, hash_of("x")), Error, invalid);
  CHECK_THROWS_MATCHES(bench.registry.push(item(name, "x")), Error, invalid);
  CHECK_THROWS_MATCHES(bench.registry.persist(item(name, "x")), Error, invalid);
  CHECK_THROWS_MATCHES(bench.registry.publish(name, hash_of("x"), {{kLinux, {hash_of("x"), 1}}}),
                       Error, invalid);
  CHECK(bench.storage->recorded().empty());
}

TEST_CASE("the newest entry is found in three requests, and in two once a number is known",
          "[core][registry]") {
  Bench bench;
  push_versions(bench, 5);
  bench.storage->forget();
  const Registry reader = bench.fresh();
  CHECK(reader.newest("MyFilter")->number == 5);
  CHECK(bench.storage->recorded() == Strings{"get plugins/MyFilter/latest.json",
                                             "list plugins/MyFilter/log/ after "
                                             "plugins/MyFilter/log/0000000005.json",
                                             "get plugins/MyFilter/log/0000000005.json"});
  bench.storage->forget();
  CHECK(reader.newest("MyFilter")->hash == hash_of("version 5"));
  CHECK(bench.storage->recorded().size() == 2);
}

TEST_CASE("without a list the newest entry is found by galloping from the hint",
          "[core][registry]") {
  Bench bench;
  const int count = GENERATE(1, 2, 3, 7, 8, 40);
  push_versions(bench, count);
  bench.storage->limit_to(kNoList);
  CHECK(bench.fresh().newest("MyFilter")->number == static_cast<std::uint64_t>(count));

  bench.memory.remove(latest_key("MyFilter"));
  bench.storage->forget();
  CHECK(bench.fresh().newest("MyFilter")->number == static_cast<std::uint64_t>(count));
  // The hint, twice the logarithm, the entry.
  CHECK(bench.storage->recorded().size() <= 15);
}

TEST_CASE("a damaged, missing, lagging or lying hint is survived and reported",
          "[core][registry]") {
  Bench bench;
  push_versions(bench, 3);
  bench.registry.push(item("Other", "other"));
  const bool lists = GENERATE(true, false);
  if (!lists) bench.storage->limit_to(kNoList);
  const std::string key = latest_key("MyFilter");

  struct {
    std::string hint;
    std::string damage;  // empty: none
  } const cases[] = {
      {"", "is not JSON at line 1"},
      {"{}", "'number' is missing"},
      {std::string(kMaxLogEntryBytes + 1, ' '), "at most 1048576"},
      {*bench.memory.get(latest_key("Other")), "is of the class Other"},
      {*bench.memory.get(log_key("MyFilter", 1)), ""},
  };
  for (const auto& each : cases) {
    INFO(each.damage);
    bench.memory.put(key, each.hint);
    bench.events.clear();
    CHECK(bench.fresh().newest("MyFilter")->number == 3);
    CHECK(bench.damages().size() == (each.damage.empty() ? 0 : 1));
    if (!each.damage.empty()) {
      CHECK_THAT(bench.damages().front(), Contains(key) && Contains(each.damage));
    }
  }

  LogEntry lie = *bench.registry.newest("MyFilter");
  lie.number = 4711;
  bench.memory.put(key, to_json(lie));
  bench.events.clear();
  CHECK_THROWS_MATCHES(bench.fresh().newest("MyFilter"), Error,
                       fails(ErrorCode::kCorrupt,
                             {"names log entry 4711, which does not exist", "restore the log"}));

  bench.memory.remove(key);
  bench.events.clear();
  CHECK(bench.fresh().newest("MyFilter")->number == 3);
  CHECK(bench.damages() ==
        Strings{"'" + key + "' is missing: the log answers, and the next push replaces it"});
}

TEST_CASE("a hint without a log is a lost log, not an absent class", "[core][registry]") {
  Bench bench;
  push_versions(bench, 1);
  bench.memory.remove(log_key("MyFilter", 1));
  const auto lost = fails(ErrorCode::kCorrupt, {"names log entry 1, which does not exist"});
  CHECK_THROWS_MATCHES(bench.fresh().newest("MyFilter"), Error, lost);
  CHECK_THROWS_MATCHES(bench.fresh().push(item("MyFilter", "version 2")), Error, lost);
}

TEST_CASE("a damaged newest entry is corrupt, never absent", "[core][registry]") {
  Bench bench;
  push_versions(bench, 3);
  const std::string key = log_key("MyFilter", 3);
  const std::string good = *bench.memory.get(key);
  const std::string second = *bench.memory.get(log_key("MyFilter", 2));
  struct {
    std::string bytes;
    std::string says;
  } const cases[] = {
      {"", "is not JSON at line 1, column 1"},
      {good.substr(0, good.size() / 2), "is not JSON"},
      {second, "it is entry 2 of MyFilter, expected entry 3 of MyFilter"},
  };
  for (const auto& each : cases) {
    bench.memory.put(key, each.bytes);
    const auto corrupt = fails(ErrorCode::kCorrupt, {"'" + key + "' is damaged", each.says});
    CHECK_THROWS_MATCHES(bench.fresh().newest("MyFilter"), Error, corrupt);
    CHECK_THROWS_MATCHES(bench.fresh().require_newest("MyFilter"), Error, corrupt);
    CHECK_THROWS_MATCHES(bench.fresh().history("MyFilter"), Error, corrupt);
    CHECK_THROWS_MATCHES(bench.fresh().check_log("MyFilter"), Error, corrupt);
    CHECK_THROWS_MATCHES(bench.fresh().push(item("MyFilter", "version 4")), Error, corrupt);
  }
  CHECK_FALSE(bench.memory.head(log_key("MyFilter", 4)));
}

TEST_CASE("an entry that was seen and is gone is corrupt", "[core][registry]") {
  Bench bench;
  push_versions(bench, 2);
  bench.memory.remove(log_key("MyFilter", 2));
  CHECK_THROWS_MATCHES(bench.registry.newest("MyFilter"), Error,
                       fails(ErrorCode::kCorrupt,
                             {"log entry 2 of MyFilter is missing", "entries are never deleted"}));
  // Whoever has not seen it learns it from the hint.
  CHECK_THROWS_MATCHES(bench.fresh().newest("MyFilter"), Error,
                       fails(ErrorCode::kCorrupt, {"names log entry 2, which does not exist"}));
}

TEST_CASE("a storage that fails never looks empty", "[core][registry]") {
  Bench bench;
  push_versions(bench, 1);
  const ErrorCode code = GENERATE(ErrorCode::kStorageUnreachable, ErrorCode::kStorageRefused);
  const Registry reader = bench.fresh();
  bench.storage->break_down(code);
  CHECK_THROWS_MATCHES(reader.newest("MyFilter"), Error, fails(code));
  CHECK_THROWS_MATCHES(reader.require_newest("MyFilter"), Error, fails(code));
  CHECK_THROWS_MATCHES(reader.versions("MyFilter"), Error, fails(code));
  CHECK_THROWS_MATCHES(reader.class_names(), Error, fails(code));
  CHECK_THROWS_MATCHES(reader.require_binary("MyFilter", hash_of("version 1")), Error, fails(code));
}

TEST_CASE("history comes newest first, and whole or in part", "[core][registry]") {
  Bench bench;
  push_versions(bench, 40);
  const std::vector<LogEntry> all = bench.registry.history("MyFilter");
  REQUIRE(all.size() == 40);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i].number == 40 - i);
  CHECK(all[0].previous == hash_of(*bench.memory.get(log_key("MyFilter", 39))));
  CHECK(bench.registry.history("MyFilter", 3).size() == 3);
  CHECK(bench.registry.history("MyFilter", 0).empty());
  CHECK(bench.registry.entry("MyFilter", 7)->hash == hash_of("version 7"));
  CHECK_FALSE(bench.registry.entry("MyFilter", 41));
  CHECK_FALSE(bench.registry.entry("MyFilter", 0));
  CHECK_FALSE(bench.registry.entry("MyFilter", kMaxLogNumber + 1));
}

TEST_CASE("a change or a gap in the middle of the log is found", "[core][registry]") {
  Bench bench;
  push_versions(bench, 5);
  CHECK(bench.fresh().check_log("MyFilter") == 5);

  const std::string key = log_key("MyFilter", 3);
  const std::string good = *bench.memory.get(key);
  LogEntry changed = *bench.registry.entry("MyFilter", 3);
  changed.by = "eve@elsewhere";
  bench.memory.put(key, to_json(changed));
  CHECK_THROWS_MATCHES(
      bench.registry.check_log("MyFilter"), Error,
      fails(ErrorCode::kCorrupt,
            {"the log of MyFilter is broken at entry 4", "it follows sha256 " + hash_of(good).hex(),
             "but entry 3 has sha256 " + hash_of(to_json(changed)).hex()}));
  // Reading the newest does not depend on it.
  CHECK(bench.fresh().newest("MyFilter")->number == 5);

  bench.memory.put(key, good.substr(1));
  CHECK_THROWS_MATCHES(bench.registry.check_log("MyFilter"), Error,
                       fails(ErrorCode::kCorrupt, {"'" + key + "' is damaged"}));
  CHECK_THROWS_MATCHES(bench.registry.history("MyFilter"), Error,
                       fails(ErrorCode::kCorrupt, {"'" + key + "' is damaged"}));
  bench.memory.remove(key);
  CHECK_THROWS_MATCHES(bench.registry.check_log("MyFilter"), Error,
                       fails(ErrorCode::kCorrupt, {"log entry 3 of MyFilter is missing"}));
}

TEST_CASE("a long log is checked page by page", "[core][registry]") {
  Bench bench;
  push_versions(bench, 1);
  LogEntry entry = *bench.registry.newest("MyFilter");
  for (std::uint64_t number = 2; number <= 2500; ++number) {
    entry.previous = hash_of(*bench.memory.get(log_key("MyFilter", number - 1)));
    entry.number = number;
    bench.memory.put(log_key("MyFilter", number), to_json(entry));
  }
  CHECK(bench.fresh().check_log("MyFilter") == 2500);
  CHECK(bench.fresh().newest("MyFilter")->number == 2500);
}

TEST_CASE("versions are those of the log, newest first, and those that were only persisted",
          "[core][registry]") {
  Bench bench;
  push_versions(bench, 3);
  bench.registry.push(item("MyFilter", "version 1"));  // moves back
  bench.registry.persist(item("MyFilter", "persisted"));
  bench.registry.push(
      {.binaries = {artifact("MyFilter", "version 5"), artifact("MyFilter", "arm 5", kArm)}});

  const auto hashes = [&](std::string_view platform) {
    std::vector<Hash> found;
    for (const StoredVersion& version : bench.registry.versions("MyFilter", platform)) {
      found.push_back(version.hash);
    }
    return found;
  };
  CHECK(hashes(kLinux) == std::vector<Hash>{hash_of("version 5"), hash_of("version 1"),
                                            hash_of("version 3"), hash_of("version 2"),
                                            hash_of("persisted")});
  CHECK(hashes(kArm) == std::vector<Hash>{hash_of("arm 5")});
  CHECK(hashes({}).size() == 6);

  const std::vector<StoredVersion> versions = bench.registry.versions("MyFilter", kLinux);
  CHECK(versions[0].number == 5u);
  CHECK(versions[1].number == 4u);
  CHECK_FALSE(versions[4].number);
  CHECK(versions[4].platform == kLinux);

  // A damaged entry costs only what it alone names.
  bench.memory.put(log_key("MyFilter", 3), "{");
  bench.memory.remove(binary_key("MyFilter", hash_of("version 2"), kLinux));
  bench.events.clear();
  const std::vector<StoredVersion> left = bench.registry.versions("MyFilter", kLinux);
  REQUIRE(left.size() == 5);
  CHECK(left[2].hash == hash_of("version 2"));
  CHECK_FALSE(left[2].stored);
  CHECK(bench.damages().size() == 1);

  bench.storage->limit_to(kNoList);
  CHECK(hashes(kLinux).size() == 3);
}

TEST_CASE("a stray number far above the log costs no more than the entries that are there",
          "[core][registry]") {
  Bench bench;
  push_versions(bench, 3);
  const std::uint64_t stray = GENERATE(3'000'000u, 9'999'999'999u);
  const std::string key = log_key("MyFilter", stray);
  bench.memory.put(key, "");
  bench.storage->forget();
  bench.events.clear();
  CHECK_THROWS_MATCHES(
      bench.fresh().require_binary("MyFilter", hash_of("x")), Error,
      fails(ErrorCode::kVersionNotFound, {"no version", hash_of("version 3").hex(),
                                          hash_of("version 2").hex(), hash_of("version 1").hex()}));
  CHECK(bench.storage->recorded().size() < 20);
  const Strings damages = bench.damages();
  REQUIRE(damages.size() == 2);
  CHECK_THAT(damages[0], Contains("'" + key + "' is damaged"));
  CHECK_THAT(damages[1], Contains("log entries 4 to " + std::to_string(stray - 1) +
                                  " of MyFilter are missing from memory:"));
  CHECK_THROWS_MATCHES(bench.fresh().newest("MyFilter"), Error,
                       fails(ErrorCode::kCorrupt, {"'" + key + "' is damaged"}));

  // One that looks like an entry leads no further.
  LogEntry entry = *bench.registry.entry("MyFilter", 3);
  entry.number = stray;
  bench.memory.put(key, to_json(entry));
  const auto missing = fails(ErrorCode::kCorrupt, {"log entry", "of MyFilter is missing"});
  CHECK_THROWS_MATCHES(bench.fresh().history("MyFilter"), Error, missing);
  CHECK_THROWS_MATCHES(bench.fresh().check_log("MyFilter"), Error, missing);
  CHECK(bench.fresh().versions("MyFilter").size() == 3);
}

TEST_CASE("a gap in the log hides none of the versions around it, with or without a list",
          "[core][registry]") {
  Bench bench;
  push_versions(bench, 9);
  for (const std::uint64_t number : {4, 5}) bench.memory.remove(log_key("MyFilter", number));
  if (GENERATE(true, false)) bench.storage->limit_to(kNoList);
  bench.events.clear();
  std::vector<std::uint64_t> numbers;
  for (const StoredVersion& version : bench.registry.versions("MyFilter")) {
    if (version.number) numbers.push_back(*version.number);
  }
  CHECK(numbers == std::vector<std::uint64_t>{9, 8, 7, 6, 3, 2, 1});
  REQUIRE(bench.damages().size() == 1);
  CHECK_THAT(bench.damages().front(), Contains("log entries 4 to 5 of MyFilter are missing"));
}

TEST_CASE("without a list a stray number that galloping meets costs no more than the entries",
          "[core][registry]") {
  Bench bench;
  push_versions(bench, 3);
  for (std::uint64_t number = 7; number < kMaxLogNumber; number = 2 * number + 1) {
    bench.memory.put(log_key("MyFilter", number), "");
  }
  bench.storage->limit_to(kNoList);
  bench.storage->forget();
  CHECK(bench.fresh().versions("MyFilter").size() == 3);
  CHECK(bench.storage->recorded().size() < 150);
}

TEST_CASE("facts that are missing or damaged leave the platform of a version open",
          "[core][registry]") {
  Bench bench;
  bench.registry.persist(item("MyFilter", "a"));
  bench.memory.put(facts_key("MyFilter", hash_of("a")), "nonsense");
  CHECK(bench.registry.versions("MyFilter", kArm).at(0).platform.empty());
  CHECK(bench.damages().size() == 1);
  bench.memory.remove(facts_key("MyFilter", hash_of("a")));
  CHECK(bench.registry.versions("MyFilter", kArm).size() == 1);
}

TEST_CASE("an absent version is named with those there are", "[core][registry]") {
  Bench bench;
  push_versions(bench, 12);
  CHECK(bench.registry.require_binary("MyFilter", hash_of("version 3")) == "version 3");
  CHECK_THROWS_MATCHES(
      bench.registry.require_binary("MyFilter", hash_of("x")), Error,
      fails(ErrorCode::kVersionNotFound,
            {"no version " + hash_of("x").hex() +
                 " of MyFilter in memory:; there are: " + hash_of("version 12").hex() + ", ",
             hash_of("version 3").hex() + ", 2 more: ask for one of these, or push"}));

  bench.memory.remove(binary_key("MyFilter", hash_of("version 12"), kLinux));
  CHECK_THROWS_MATCHES(
      bench.registry.require_binary("MyFilter", hash_of("version 12")), Error,
      fails(ErrorCode::kVersionNotFound,
            {"any more, though its log names it; there are: " + hash_of("version 11").hex()}));
}

TEST_CASE("a class whose only entry is damaged is not reported as unknown", "[core][registry]") {
  Bench bench;
  push_versions(bench, 1);
  bench.memory.put(log_key("MyFilter", 1), "{");
  CHECK_THROWS_MATCHES(bench.fresh().require_binary("MyFilter", hash_of("x")), Error,
                       fails(ErrorCode::kVersionNotFound, {hash_of("version 1").hex()}));
  CHECK(bench.fresh().require_binary("MyFilter", hash_of("version 1")) == "version 1");
}

TEST_CASE("a release without this platform names those it has", "[core][registry]") {
  Bench bench;
  bench.registry.push({.binaries = {artifact("MyFilter", "arm", kArm)}});
  const LogEntry entry = *bench.registry.newest("MyFilter");
  CHECK(Registry::require_platform(entry, kArm).hash == hash_of("arm"));
  CHECK_THROWS_MATCHES(
      Registry::require_platform(entry, "windows-x86_64"), Error,
      fails(ErrorCode::kNoBinaryForPlatform,
            {"MyFilter has no binary for windows-x86_64", "entry 1, is for linux-aarch64-gnu",
             "build it for windows-x86_64 and push it"}));
  if (Machine::current().platform == kLinux) {
    CHECK_THROWS_MATCHES(Registry::require_platform(entry), Error,
                         fails(ErrorCode::kNoBinaryForPlatform, {kLinux}));
  }
}

TEST_CASE("classes are listed with their newest entries, which are asked for at the same time",
          "[core][registry]") {
  Bench bench;
  for (char c = 'A'; c <= 'Z'; ++c) {
    for (const char d : {'1', '2'}) bench.registry.push(item({'C', c, d}, "bytes"));
  }
  bench.registry.push(item("CB2", "more"));
  bench.registry.persist(item("Stored", "bytes"));
  const Registry fresh = bench.fresh();
  Barrier barrier(2);
  bench.storage->before_each([&](const std::string& request) {
    if (request.ends_with("/latest.json")) barrier.arrive_and_wait();
  });
  const std::vector<StoredClass> classes = fresh.classes();
  CHECK(barrier.met());
  REQUIRE(classes.size() == 53);
  CHECK(classes[3].name == "CB2");
  CHECK(classes[3].newest->number == 2);
  CHECK(classes[52].name == "Stored");
  CHECK_FALSE(classes[52].newest);
}

TEST_CASE("classes are listed by name, whatever else lies beside them", "[core][registry]") {
  Bench bench;
  for (const char* name : {"B", "A", "A0", "AB", "A_B"}) bench.registry.push(item(name, name));
  bench.memory.put("plugins/README", "x");
  bench.memory.put("plugins/1st/x", "x");
  bench.memory.put("other/C/latest.json", "x");
  CHECK(bench.registry.class_names() == Strings{"A", "A0", "AB", "A_B", "B"});

  // More objects than a page: the rest of a class is passed over, none after it is.
  for (int i = 0; i < 2500; ++i)
    bench.memory.put("plugins/A/state/" + std::to_string(i) + ".bin", "x");
  bench.storage->forget();
  CHECK(bench.registry.class_names() == Strings{"A", "A0", "AB", "A_B", "B"});
  CHECK(bench.storage->recorded().size() == 2);

  // Nor are the states of a class listed for its versions.
  bench.registry.persist(item("A", "another"));
  bench.storage->forget();
  CHECK(bench.fresh().versions("A").size() == 2);
  const auto listed = [&](const std::string& prefix) {
    return std::ranges::count(bench.storage->recorded(), "list " + prefix);
  };
  CHECK(listed("plugins/A/") == 1);

  bench.storage->limit_to(kNoList);
  CHECK_THROWS_MATCHES(bench.registry.class_names(), Error, fails(ErrorCode::kStorageUnsupported));
}

TEST_CASE("more binaries than a page are all versions", "[core][registry]") {
  Bench bench;
  for (int i = 0; i < 1200; ++i) {
    bench.memory.put(binary_key("A", hash_of(std::to_string(i)), kLinux), "x");
  }
  CHECK(bench.registry.versions("A").size() == 1200);
}

TEST_CASE("whether something can be put is tried, and leaves nothing", "[core][registry]") {
  Bench bench;
  bench.registry.probe_writable();
  CHECK(bench.memory.list("").empty());
  bench.storage->fail(1, ErrorCode::kStorageRefused);
  CHECK_THROWS_MATCHES(bench.registry.probe_writable(), Error, fails(ErrorCode::kStorageRefused));
  bench.storage->fail(2, ErrorCode::kStorageRefused);  // it may be added to, and nothing removed
  bench.registry.probe_writable();
  CHECK(bench.memory.list("").size() == 1);
  CHECK(bench.registry.class_names().empty());
}
