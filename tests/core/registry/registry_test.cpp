// Reading: the newest entry and the log, with every document damaged in turn.
#include "core/registry/registry.hpp"

#include <catch2/catch.hpp>

#include "tests/core/registry/pushes.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
using Strings = std::vector<std::string>;

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
