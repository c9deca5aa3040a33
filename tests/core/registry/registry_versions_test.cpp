// What a storage has: versions and classes, also where a log is damaged or has gaps.
#include <algorithm>
#include <catch2/catch.hpp>

#include "core/artifact/machine.hpp"
#include "core/registry/registry.hpp"
#include "tests/barrier.hpp"
#include "tests/core/registry/pushes.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
using Strings = std::vector<std::string>;

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
