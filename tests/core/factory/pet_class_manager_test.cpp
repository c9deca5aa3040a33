#include "core/factory/pet_class_manager.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/loader/base_plugin.hpp"
#include "storage/error.hpp"
#include "storage/local_storage.hpp"
#include "tests/core/factory/compiled_in.hpp"
#include "tests/core/factory/site.hpp"

namespace pet::test {
namespace {

constexpr char kNoBinaryWords[] = "build it with pet_add_plugin and bind the .so";

TEST_CASE("7: a compiled-in class has no binary, and is told what to do", "[core][factory]") {
  Site site;
  const PetClass plain = compiled_in<PlainFilter>();
  const auto no_binary = fails(ErrorCode::kNoBinary, {"PlainFilter", kNoBinaryWords});
  CHECK_THROWS_MATCHES(site.manager.get_class_hash(plain), Error, no_binary);
  CHECK_THROWS_MATCHES(site.manager.check_status(plain), Error, no_binary);
  CHECK_THROWS_MATCHES(site.manager.persist_class(plain), Error, no_binary);
  CHECK_THROWS_MATCHES(site.manager.push(plain), Error, no_binary);
  CHECK(site.requests().empty());
}

TEST_CASE("11: get_class_hash is a field of a class, and one pass over a file", "[core][factory]") {
  Site site;
  const PetClass filter = site.open("good_filter");
  const Hash hash = Binary::read(fixture("good_filter")).hash();
  CHECK(site.manager.get_class_hash(filter) == hash);
  CHECK(site.manager.get_class_hash(std::filesystem::path(fixture("good_filter"))) == hash);
  CHECK(site.requests().empty());
}

TEST_CASE("12: a class without a log is untracked", "[core][factory]") {
  Site site;
  CHECK(site.manager.check_status(site.open("good_filter")) == Status::kUntracked);
  CHECK(to_string(Status::kUntracked) == "untracked");
}

TEST_CASE("12: the newest hash is synced, any other out_of_sync", "[core][factory]") {
  Site site;
  const PetClass first = site.open("good_filter");
  const PetClass second = site.open("good_filter_v2");
  site.manager.push(first);
  CHECK(site.manager.check_status(first) == Status::kSynced);
  CHECK(site.manager.check_status(second) == Status::kOutOfSync);
  site.manager.push(second);
  CHECK(site.manager.check_status(first) == Status::kOutOfSync);
  CHECK(site.manager.check_status(second) == Status::kSynced);
  CHECK(to_string(Status::kSynced) == "synced");
  CHECK(to_string(Status::kOutOfSync) == "out_of_sync");
}

TEST_CASE("12: a class that is there for other platforms only is out_of_sync", "[core][factory]") {
  Site site;
  const Binary foreign = for_aarch64("good_filter");
  site.manager.push({&foreign, 1});
  CHECK(site.manager.check_status(site.open("good_filter")) == Status::kOutOfSync);
  CHECK(site.manager.check_status(foreign) == Status::kSynced);
}

TEST_CASE("13: persist_class stores and moves nothing", "[core][factory]") {
  Site site;
  const PetClass filter = site.open("good_filter");
  site.manager.persist_class(filter);
  CHECK(site.manager.check_status(filter) == Status::kUntracked);
  CHECK_FALSE(site.manager.latest_meta("GoodFilter").has_value());
  CHECK_THROWS_MATCHES(site.manager.pull("GoodFilter"), Error, fails(ErrorCode::kClassNotFound));

  Site other(site.memory);
  CHECK(other.manager.recover_class("GoodFilter", *filter.hash()) == filter);
  CHECK(other.manager.pull("GoodFilter", *filter.hash()) == filter);
  CHECK(other.factory.get_version("GoodFilter", *filter.hash()) == filter);
}

TEST_CASE("13: persisting twice is once", "[core][factory]") {
  Site site;
  const PetClass filter = site.open("good_filter");
  site.manager.persist_class(filter);
  const auto keys = site.memory->list("");
  site.manager.persist_class(filter);
  CHECK(site.memory->list("") == keys);
}

TEST_CASE("14: push makes a class latest, and pull gets it on another machine", "[core][factory]") {
  Site author;
  const PetClass filter = author.open("good_filter");
  const PushResult result = author.manager.push(filter, {.message = "first"});
  CHECK(result.kind == PushKind::kPublished);
  CHECK(result.class_name == "GoodFilter");
  CHECK(result.hash == filter.hash());
  CHECK(result.platform == Machine::current().platform);
  CHECK(result.number == 1);

  Site reader(author.memory);
  const PetClass pulled = reader.manager.pull("GoodFilter");
  CHECK(pulled == filter);
  CHECK(pulled.source() == "memory:");
  CHECK(pulled.create().predict(XYData::mock({1.0, 2.0})).size() == 2);
  CHECK(reader.manager.pull("GoodFilter").source() == "cache");
}

TEST_CASE("14: pushing what is latest changes nothing", "[core][factory]") {
  Site site;
  const PetClass filter = site.open("good_filter");
  site.manager.push(filter);
  const auto keys = site.memory->list("");
  const PushResult again = site.manager.push(filter);
  CHECK(again.kind == PushKind::kUnchanged);
  CHECK(again.number == 1);
  CHECK(site.memory->list("") == keys);
}

TEST_CASE("14: pushing an older hash moves latest back, and says from what to what",
          "[core][factory]") {
  Site site;
  const PetClass first = site.open("good_filter");
  const PetClass second = site.open("good_filter_v2");
  site.manager.push(first);
  site.manager.push(second);
  const PushResult back = site.manager.push(first);
  CHECK(back.kind == PushKind::kMovedBack);
  CHECK(back.from == second.hash());
  CHECK(back.hash == first.hash());
  CHECK(back.number == 3);
  CHECK(site.manager.check_status(first) == Status::kSynced);
}

TEST_CASE("14: a push may refuse to move back", "[core][factory]") {
  Site site;
  const PetClass first = site.open("good_filter");
  const PetClass second = site.open("good_filter_v2");
  site.manager.push(first);
  site.manager.push(second);
  CHECK_THROWS_MATCHES(site.manager.push(first, {.message = {}, .on_older = OnOlder::kRefuse}),
                       Error, fails(ErrorCode::kUsage, {"GoodFilter"}));
  CHECK(site.manager.check_status(second) == Status::kSynced);
}

TEST_CASE("14: a key that is taken by bytes of another size is corrupt and moves nothing",
          "[core][factory]") {
  Site site;
  const PetClass filter = site.open("good_filter");
  site.memory->put(binary_key_of(filter), "not a filter");
  CHECK_THROWS_MATCHES(site.manager.push(filter), Error,
                       fails(ErrorCode::kCorrupt, {"GoodFilter"}));
  CHECK_FALSE(site.manager.latest_meta("GoodFilter").has_value());
}

TEST_CASE("14: with verify, a key that is taken by other bytes is corrupt and moves nothing",
          "[core][factory]") {
  Site careful(std::make_shared<MemoryStorage>(), {.verify = true});
  const PetClass filter = careful.open("good_filter");
  careful.memory->put(binary_key_of(filter), filter.binary()->view());
  careful.memory->flip_bit(binary_key_of(filter), 1000);
  CHECK_THROWS_MATCHES(careful.manager.push(filter), Error,
                       fails(ErrorCode::kCorrupt, {"GoodFilter"}));
  CHECK_FALSE(careful.manager.latest_meta("GoodFilter").has_value());
}

TEST_CASE("15: pull on an empty storage is class_not_found", "[core][factory]") {
  Site site;
  CHECK_THROWS_MATCHES(
      site.manager.pull("KnnFilter"), Error,
      fails(ErrorCode::kClassNotFound, {"No remote versions found for KnnFilter"}));
}

TEST_CASE("15: recover_class of an absent hash names those there are", "[core][factory]") {
  Site site;
  const PetClass filter = site.open("good_filter");
  site.manager.push(filter);
  CHECK_THROWS_MATCHES(
      site.manager.recover_class("GoodFilter", Hash::require(kAbsentHash)), Error,
      fails(ErrorCode::kVersionNotFound, {"GoodFilter", kAbsentHash, filter.hash()->hex()}));
  CHECK_THROWS_MATCHES(site.manager.recover_class("KnnFilter", Hash::require(kAbsentHash)), Error,
                       fails(ErrorCode::kVersionNotFound, {"KnnFilter", kAbsentHash}));
}

TEST_CASE("15: a name outside the rule is refused before any request", "[core][factory]") {
  Site site;
  for (const char* name : {"", "../secrets", "A/B", "9A"}) {
    CHECK_THROWS_MATCHES(site.manager.pull(name), Error, fails(ErrorCode::kInvalidName));
    CHECK_THROWS_MATCHES(site.manager.recover_class(name, Hash::require(kAbsentHash)), Error,
                         fails(ErrorCode::kInvalidName));
    CHECK_THROWS_MATCHES(site.manager.latest_meta(name), Error, fails(ErrorCode::kInvalidName));
  }
  CHECK(site.requests().empty());
}

TEST_CASE("16: latest_meta has hash, class, release, number, time and author", "[core][factory]") {
  Site site;
  const PetClass filter = site.open("good_filter");
  CHECK_FALSE(site.manager.latest_meta("GoodFilter").has_value());
  site.manager.push(filter);
  const std::optional<LogEntry> meta = site.manager.latest_meta("GoodFilter");
  REQUIRE(meta.has_value());
  CHECK(meta->hash == filter.hash());
  CHECK(meta->class_name == "GoodFilter");
  CHECK(meta->number == 1);
  CHECK(meta->release.at(Machine::current().platform).hash == filter.hash());
  CHECK(meta->time.size() == 20);
  CHECK_FALSE(meta->by.empty());
}

TEST_CASE("16: a missing or corrupt hint is survived, reported, and healed by the next push",
          "[core][factory]") {
  const bool missing = GENERATE(true, false);
  Site site;
  const PetClass filter = site.open("good_filter");
  site.manager.push(filter);
  const std::string hint = latest_key("GoodFilter");
  if (missing) {
    site.memory->remove(hint);
  } else {
    site.memory->put(hint, "{broken");
  }

  Site other(site.memory);
  CHECK(other.manager.latest_meta("GoodFilter")->hash == filter.hash());
  CHECK(other.manager.check_status(other.open("good_filter")) == Status::kSynced);
  REQUIRE_FALSE(other.events.of(EventKind::kDamage).empty());
  CHECK(other.events.of(EventKind::kDamage).front().message.find("latest.json") !=
        std::string::npos);

  other.manager.push(other.open("good_filter"));
  Site third(site.memory);
  CHECK(third.manager.latest_meta("GoodFilter")->hash == filter.hash());
  CHECK(third.events.of(EventKind::kDamage).empty());
}

TEST_CASE("16: a corrupt newest log entry is corrupt, never untracked or none", "[core][factory]") {
  Site site;
  site.manager.push(site.open("good_filter"));
  site.memory->put(log_key("GoodFilter", 1), "{}");
  Site other(site.memory);
  const auto corrupt = fails(ErrorCode::kCorrupt, {log_key("GoodFilter", 1)});
  CHECK_THROWS_MATCHES(other.manager.latest_meta("GoodFilter"), Error, corrupt);
  CHECK_THROWS_MATCHES(other.manager.check_status(other.open("good_filter")), Error, corrupt);
  CHECK_THROWS_MATCHES(other.manager.pull("GoodFilter"), Error, corrupt);
  CHECK_THROWS_MATCHES(other.factory.get("GoodFilter"), Error, corrupt);
}

TEST_CASE("16: an unreachable storage is an error, never absence", "[core][factory]") {
  Site site;
  const PetClass filter = site.open("good_filter");
  site.storage->break_down(ErrorCode::kStorageUnreachable);
  const auto unreachable = fails(ErrorCode::kStorageUnreachable);
  CHECK_THROWS_MATCHES(site.manager.latest_meta("GoodFilter"), Error, unreachable);
  CHECK_THROWS_MATCHES(site.manager.check_status(filter), Error, unreachable);
  CHECK_THROWS_MATCHES(site.manager.pull("GoodFilter"), Error, unreachable);
  CHECK_THROWS_MATCHES(site.manager.push(filter), Error, unreachable);
}

TEST_CASE("17: versions lists what is stored, the log's first", "[core][factory]") {
  Site site;
  const PetClass first = site.open("good_filter");
  const PetClass second = site.open("good_filter_v2");
  site.manager.persist_class(second);
  site.manager.push(first);
  const std::vector<StoredVersion> versions = site.manager.versions("GoodFilter");
  REQUIRE(versions.size() == 2);
  CHECK(versions[0].hash == first.hash());
  CHECK(versions[0].number == 1);
  CHECK(versions[1].hash == second.hash());
  CHECK_FALSE(versions[1].number.has_value());
  CHECK(site.manager.versions("Absent").empty());
}

TEST_CASE("classes are listed with their newest entry, also those never pushed",
          "[core][factory]") {
  Site site;
  CHECK(site.manager.classes().empty());
  CHECK(site.manager.class_names().empty());
  site.manager.persist_class(site.open("counter_v1"));
  site.manager.push(site.open("good_filter"));
  site.manager.push(site.open("good_filter_v2"));
  CHECK(site.manager.class_names() == std::vector<std::string>{"Counter", "GoodFilter"});
  const std::vector<StoredClass> classes = site.manager.classes();
  REQUIRE(classes.size() == 2);
  CHECK(classes[0].name == "Counter");
  CHECK_FALSE(classes[0].newest.has_value());
  CHECK(classes[1].name == "GoodFilter");
  CHECK(classes[1].newest->number == 2);
}

TEST_CASE("the history of a class is its log, newest first", "[core][factory]") {
  const Shop shop;
  const std::vector<LogEntry> history = shop.author.manager.history("GoodFilter");
  REQUIRE(history.size() == 2);
  CHECK(history[0].hash == shop.second.hash());
  CHECK(history[1].hash == shop.first.hash());
  CHECK_THROWS_MATCHES(shop.author.manager.history("Absent"), Error,
                       fails(ErrorCode::kClassNotFound, {"No remote versions found for Absent"}));
}

TEST_CASE("17: storage() says where, and none when there is none", "[core][factory]") {
  Site site;
  CHECK(site.manager.storage() == "memory:");
  site.manager.set_storage(std::make_shared<LocalStorage>("/srv/pets"));
  CHECK(site.manager.storage() == "file:///srv/pets");
  site.manager.set_storage(nullptr);
  CHECK(site.manager.storage() == "no storage");
}

TEST_CASE("without a storage, what needs one is a usage error", "[core][factory]") {
  Site site;
  site.manager.set_storage(nullptr);
  const auto usage = fails(ErrorCode::kUsage, {"needs a storage, and none is set"});
  CHECK_THROWS_MATCHES(site.manager.push(site.open("good_filter")), Error, usage);
  CHECK_THROWS_MATCHES(site.manager.pull("GoodFilter"), Error, usage);
  CHECK_THROWS_MATCHES(site.manager.latest_meta("GoodFilter"), Error, usage);
  CHECK_FALSE(site.manager.find_latest("GoodFilter").has_value());
}

TEST_CASE("a class for other platforms only is no_binary_for_platform, naming them",
          "[core][factory]") {
  Site site;
  const Binary foreign = for_aarch64("good_filter");
  site.manager.push({&foreign, 1});
  CHECK_THROWS_MATCHES(site.manager.pull("GoodFilter"), Error,
                       fails(ErrorCode::kNoBinaryForPlatform,
                             {"GoodFilter", "linux-aarch64-gnu", Machine::current().platform}));
  CHECK_THROWS_MATCHES(
      site.manager.recover_class("GoodFilter", foreign.hash()), Error,
      fails(ErrorCode::kNoBinaryForPlatform,
            {"GoodFilter " + foreign.hash().short_hex(), "is for linux-aarch64-gnu",
             "this machine is " + Machine::current().platform}));
}

TEST_CASE("one push of two platforms is one release", "[core][factory]") {
  Site site;
  const std::vector<Binary> release{Binary::read(fixture("good_filter")),
                                    for_aarch64("good_filter")};
  const PushResult result = site.manager.push(release);
  CHECK(result.number == 1);
  CHECK(site.manager.latest_meta("GoodFilter")->release.size() == 2);
  CHECK(site.manager.pull("GoodFilter").hash() == release[0].hash());
}

TEST_CASE("offline, exact versions come from the cache and nothing is requested",
          "[core][factory]") {
  Site online;
  const PetClass filter = online.open("good_filter");
  online.manager.push(filter);

  Site offline(online.memory, {.offline = true});
  CHECK_THROWS_MATCHES(offline.manager.recover_class("GoodFilter", *filter.hash()), Error,
                       fails(ErrorCode::kVersionNotFound,
                             {"no GoodFilter " + filter.hash()->short_hex() + ": not in the cache",
                              "memory: not asked (offline)"}));
  offline.cache->insert(*filter.binary());
  CHECK(offline.manager.recover_class("GoodFilter", *filter.hash()) == filter);
  CHECK_THROWS_MATCHES(offline.manager.pull("GoodFilter"), Error,
                       fails(ErrorCode::kStorageUnreachable,
                             {"pull of GoodFilter needs memory:, which is not asked offline"}));
  CHECK_THROWS_MATCHES(offline.manager.push(filter), Error, fails(ErrorCode::kStorageUnreachable));
  CHECK(offline.requests().empty());
}

}  // namespace
}  // namespace pet::test
