// Releases that go from one storage to another.
#include "core/registry/promote.hpp"

#include <catch2/catch.hpp>

#include "core/artifact/machine.hpp"
#include "tests/core/registry/pushes.hpp"

using namespace pet;
using namespace pet::test;

namespace {

Artifact artifact_of(Binary binary) {
  Facts facts = read_facts(binary);
  return {std::move(binary), std::move(facts)};
}

Artifact fixture(const std::string& name) {
  return artifact_of(Binary::read(std::string(PET_FIXTURE_DIR "/" + name + ".so")));
}

// The same binary for another kind of machine.
Artifact foreign(const std::string& name) {
  std::string bytes(fixture(name).binary.view());
  bytes[18] = static_cast<char>(Machine::current().platform == kArm ? 0x3E : 0xB7);
  return artifact_of(Binary::from_bytes(bytes, name));
}

// Two storages, of which the target records and can fail.
struct Stages {
  MemoryStorage from_memory, to_memory;
  std::shared_ptr<FaultyStorage> from_storage = std::make_shared<FaultyStorage>(from_memory);
  std::shared_ptr<FaultyStorage> to_storage = std::make_shared<FaultyStorage>(to_memory);
  Registry from{from_storage, {.by = "ann@laptop"}};
  Registry to{to_storage, {.by = "release@ci"}};

  Stages() {
    PushItem both{.binaries = {fixture("plain_c_filter"), foreign("plain_c_filter")},
                  .options = {.message = "for both"}};
    from.push({.binaries = {foreign("plain_c_filter")}, .options = {.message = "theirs"}});
    from.push(both);
  }
  PushResult promote(const Promotion& promotion = {.class_name = "PlainCFilter"}) {
    return pet::promote(from, to, promotion);
  }
};

const Hash& ours() {
  static const Hash hash = fixture("plain_c_filter").binary.hash();
  return hash;
}
const Hash& theirs() {
  static const Hash hash = foreign("plain_c_filter").binary.hash();
  return hash;
}

}  // namespace

TEST_CASE("latest is promoted with all its platforms, its hashes and where it came from",
          "[core][registry][promote]") {
  Stages stages;
  const PushResult result = stages.promote();
  CHECK(result.kind == PushKind::kPublished);
  CHECK(result.number == 1);
  const LogEntry source = stages.from.require_newest("PlainCFilter");
  const LogEntry entry = stages.to.require_newest("PlainCFilter");
  CHECK(entry.hash == ours());
  CHECK(entry.release == source.release);
  CHECK(entry.message == "for both");
  CHECK(entry.by == "release@ci");
  CHECK(entry.from == Origin{"memory:", 2});
  CHECK(entry.previous == std::nullopt);
  for (const std::string& key : stages.from_memory.list("plugins/PlainCFilter/")) {
    if (key.find("/log/") != std::string::npos || key.ends_with("/latest.json")) continue;
    CAPTURE(key);
    CHECK(stages.to_memory.get(key) == stages.from_memory.get(key));  // binaries and facts
  }
  CHECK(stages.to.check_log("PlainCFilter") == 1);
}

TEST_CASE("a promotion again changes nothing, and one of another message too",
          "[core][registry][promote]") {
  Stages stages;
  stages.promote();
  stages.to_storage->forget();
  CHECK(stages.promote().kind == PushKind::kUnchanged);
  CHECK(stages.promote({.class_name = "PlainCFilter", .message = "other"}).kind ==
        PushKind::kUnchanged);
  for (const std::string& operation : stages.to_storage->recorded()) {
    CHECK_FALSE(operation.starts_with("put"));
  }
  CHECK(stages.to.require_newest("PlainCFilter").number == 1);
}

TEST_CASE("what the target lost of its latest is put back", "[core][registry][promote]") {
  Stages stages;
  stages.promote();
  const std::string key =
      binary_key("PlainCFilter", ours(), fixture("plain_c_filter").facts.platform);
  stages.to_memory.remove(key);
  const PushResult result = stages.promote();
  CHECK(result.kind == PushKind::kUnchanged);
  CHECK(result.put_back == 1);
  CHECK(stages.to_memory.get(key) == stages.from_memory.get(key));
}

TEST_CASE("a hash names the newest release that has it", "[core][registry][promote]") {
  Stages stages;
  stages.promote({.class_name = "PlainCFilter", .hash = theirs()});
  CHECK(stages.to.require_newest("PlainCFilter").release.size() == 2);  // entry 2, not entry 1
  CHECK(stages.to.require_newest("PlainCFilter").hash == ours());

  std::string newer(fixture("plain_c_filter").binary.view());
  stages.from.push({.binaries = {artifact_of(Binary::from_bytes(newer + '\0', "newer"))}});
  CHECK(stages.promote({.class_name = "PlainCFilter", .message = "newer"}).number == 2);
  CHECK(stages.to.require_newest("PlainCFilter").message == "newer");
  CHECK(stages.to.require_newest("PlainCFilter").from == Origin{"memory:", 3});
}

TEST_CASE("to move latest back has to be asked for", "[core][registry][promote]") {
  Stages stages;
  stages.promote();
  std::string newer(fixture("plain_c_filter").binary.view());
  stages.to.push({.binaries = {artifact_of(Binary::from_bytes(newer + '\0', "newer"))}});
  CHECK_THROWS_MATCHES(stages.promote(), Error,
                       fails(ErrorCode::kUsage, {"was not moved back: say --move-back"}));
  const PushResult back =
      stages.promote({.class_name = "PlainCFilter", .on_older = OnOlder::kMoveBack});
  CHECK(back.kind == PushKind::kMovedBack);
  CHECK(back.number == 3);
}

TEST_CASE("what the source's log does not name is not promoted", "[core][registry][promote]") {
  Stages stages;
  const Artifact stored = fixture("good_filter");
  stages.from.persist({.binaries = {stored}});
  CHECK_THROWS_MATCHES(stages.promote({.class_name = "GoodFilter"}), Error,
                       fails(ErrorCode::kClassNotFound, {"GoodFilter"}));
  stages.from.push({.binaries = {fixture("good_filter_v2")}});
  CHECK_THROWS_MATCHES(
      stages.promote({.class_name = "GoodFilter", .hash = stored.binary.hash()}), Error,
      fails(ErrorCode::kVersionNotFound,
            {"no entry of the log of GoodFilter in memory: names " + stored.binary.hash().hex()}));
  CHECK_THROWS_MATCHES(stages.promote({.class_name = "../x"}), Error,
                       fails(ErrorCode::kInvalidName));
  CHECK(stages.to_memory.list("").empty());
}

TEST_CASE("a binary that is not what its entry says is not promoted, and nothing of its release is",
          "[core][registry][promote]") {
  Stages stages;
  const std::string platform = fixture("plain_c_filter").facts.platform;
  const std::string key = binary_key("PlainCFilter", ours(), platform);
  SECTION("damaged") {
    stages.from_memory.flip_bit(key, 8000);
    CHECK_THROWS_MATCHES(
        stages.promote(), Error,
        fails(ErrorCode::kCorrupt, {"was not promoted: '" + key + "' in memory: is damaged",
                                    "expected " + ours().hex()}));
  }
  SECTION("gone") {
    stages.from_memory.remove(key);
    CHECK_THROWS_MATCHES(stages.promote(), Error, fails(ErrorCode::kVersionNotFound));
  }
  SECTION("of another class") {
    const Artifact other = fixture("good_filter");
    stages.from_memory.put(binary_key("PlainCFilter", other.binary.hash(), platform),
                           other.binary.view());
    stages.from.publish("PlainCFilter", other.binary.hash(),
                        {{platform, {other.binary.hash(), other.binary.size()}}});
    CHECK_THROWS_MATCHES(stages.promote(), Error,
                         fails(ErrorCode::kCorrupt, {"is a binary of the class GoodFilter"}));
  }
  SECTION("no plugin at all") {
    const Hash hash = hash_of("text");
    stages.from_memory.put(binary_key("PlainCFilter", hash, platform), "text");
    stages.from.publish("PlainCFilter", hash, {{platform, {hash, 4}}});
    CHECK_THROWS_AS(stages.promote(), Error);
  }
  CHECK(stages.to_memory.list("").empty());
}

TEST_CASE("a promotion that fails anywhere is completed by the next", "[core][registry][promote]") {
  const bool at_target = GENERATE(true, false);
  bool failed = true;
  for (std::uint64_t nth = 1; failed && nth < 100; ++nth) {
    CAPTURE(at_target, nth);
    Stages stages;
    FaultyStorage& faulty = at_target ? *stages.to_storage : *stages.from_storage;
    faulty.forget();
    faulty.fail(nth, ErrorCode::kStorageUnreachable);
    try {
      stages.promote();
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kStorageUnreachable);
    }
    failed = faulty.recorded().size() >= nth;
    faulty.heal();
    CHECK(stages.promote().number == 1);
    CHECK(stages.to.require_newest("PlainCFilter").from == Origin{"memory:", 2});
    CHECK(stages.to_memory.list("plugins/PlainCFilter/").size() == 6);
  }
  CHECK_FALSE(failed);
}

TEST_CASE("nothing is asked of the source when the target cannot be written",
          "[core][registry][promote]") {
  Stages stages;
  stages.from_storage->forget();
  stages.to_storage->limit_to({.list = true, .write = false, .put_if_absent = false});
  CHECK_THROWS_MATCHES(stages.promote(), Error,
                       fails(ErrorCode::kStorageUnsupported, {"cannot be written"}));
  CHECK(stages.from_storage->recorded().empty());
}
