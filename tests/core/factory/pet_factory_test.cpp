#include "core/factory/pet_factory.hpp"

#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "core/loader/base_plugin.hpp"
#include "storage/error.hpp"
#include "tests/core/factory/compiled_in.hpp"
#include "tests/core/factory/site.hpp"

namespace pet::test {
namespace {

const std::string kAbsentHash(64, 'a');

// A storage where GoodFilter's second version is latest.
struct Shop {
  Site author;
  PetClass first = author.open("good_filter");
  PetClass second = author.open("good_filter_v2");

  Shop() {
    author.manager.push(first);
    author.manager.push(second);
  }
};

// ---- 18 -----------------------------------------------------------------------------------------

TEST_CASE("18: a name is looked up in memory, storage, fallback, in this order",
          "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  site.fallback.assign("GoodFilter", compiled_in<GoodFilter>());
  site.fallback.assign("PlainFilter", compiled_in<PlainFilter>());

  CHECK(site.factory["GoodFilter"] == shop.second);           // storage before fallback
  CHECK(site.factory["PlainFilter"].source() == "built in");  // not in storage
  site.factory.assign("GoodFilter", site.open("good_filter"));
  site.storage->forget();
  CHECK(site.factory["GoodFilter"] == shop.first);  // memory before storage
  CHECK(site.requests().empty());
}

TEST_CASE("18: class_not_found names every place, and near misses with theirs", "[core][factory]") {
  Site site;
  site.fallback.assign("StandardScalerPlugin", compiled_in<StandardScalerPlugin>());
  CHECK_THROWS_MATCHES(
      site.factory["StandardScalar"], Error,
      fails(ErrorCode::kClassNotFound,
            {"no class 'StandardScalar': not in memory, not in memory:, not built in\n"
             "  did you mean 'StandardScalerPlugin' (built in)?"}));

  site.manager.set_storage(nullptr);
  CHECK_THROWS_MATCHES(
      site.factory["Absent"], Error,
      fails(ErrorCode::kClassNotFound,
            {"no class 'Absent': not in memory, no storage is set, not built in"}));

  PetFactory alone(site.manager);
  CHECK_THROWS_MATCHES(
      alone["Absent"], Error,
      fails(ErrorCode::kClassNotFound, {"no class 'Absent': not in memory, no storage is set"}));
}

TEST_CASE("18: near misses in storage and memory are named with their places", "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  CHECK_THROWS_MATCHES(
      site.factory["GoodFiltre"], Error,
      fails(ErrorCode::kClassNotFound, {"\n  did you mean 'GoodFilter' (in memory:)?"}));
  site.factory.assign("Counter", site.open("counter_v1"));
  CHECK_THROWS_MATCHES(site.factory["Countr"], Error,
                       fails(ErrorCode::kClassNotFound, {"\n  did you mean 'Counter'?"}));
}

TEST_CASE("18: a storage that fails while near misses are looked up suggests nothing",
          "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  CHECK_FALSE(site.factory.get("GoodFiltre").has_value());
  const std::size_t requests = site.requests().size();
  site.storage->fail(requests + 1, ErrorCode::kStorageUnreachable);
  CHECK_THROWS_MATCHES(site.factory["GoodFiltre"], Error,
                       fails(ErrorCode::kClassNotFound, {"no class 'GoodFiltre'"}));
}

TEST_CASE("18: the fallback's answers are not registered, tracked or pushed", "[core][factory]") {
  Site site;
  site.fallback.assign("PlainFilter", compiled_in<PlainFilter>());
  site.fallback.assign("GoodFilter", site.open("good_filter"));
  CHECK(site.factory["PlainFilter"] == compiled_in<PlainFilter>());
  CHECK(site.factory["GoodFilter"].hash().has_value());
  CHECK_FALSE(site.factory.contains("PlainFilter"));
  CHECK_FALSE(site.factory.contains("GoodFilter"));
  CHECK(site.factory.tracked_hashes().empty());
  CHECK(site.factory.push_all().empty());
  CHECK(site.memory->list("").empty());
}

TEST_CASE("18: a lazy load registers and tracks its hash", "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  CHECK(site.factory["GoodFilter"] == shop.second);
  CHECK(site.factory.contains("GoodFilter"));
  CHECK(site.factory.tracked_hashes() ==
        std::map<std::string, Hash>{{"GoodFilter", *shop.second.hash()}});
  site.storage->forget();
  CHECK(site.factory["GoodFilter"] == shop.second);
  CHECK(site.requests().empty());
}

TEST_CASE("18: a name keeps the version first resolved until it is refreshed or erased",
          "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  const PetClass& before = site.factory["GoodFilter"];
  shop.author.manager.push(shop.first);
  CHECK(site.factory["GoodFilter"] == shop.second);
  CHECK(site.factory.refresh("GoodFilter") == shop.first);
  CHECK(site.factory["GoodFilter"] == shop.first);
  CHECK(before == shop.second);  // the reference stays valid

  shop.author.manager.push(shop.second);
  CHECK(site.factory.erase("GoodFilter"));
  CHECK(site.factory["GoodFilter"] == shop.second);
}

TEST_CASE("18: refreshing keeps what is registered when storage has none, or fails",
          "[core][factory]") {
  Site site;
  const PetClass filter = site.open("good_filter");
  site.factory.assign("GoodFilter", filter);
  CHECK(site.factory.refresh("GoodFilter") == filter);
  CHECK(site.factory.push_all().size() == 1);

  site.storage->break_down(ErrorCode::kStorageUnreachable);
  CHECK_THROWS_MATCHES(site.factory.refresh("GoodFilter"), Error,
                       fails(ErrorCode::kStorageUnreachable));
  CHECK(site.factory["GoodFilter"] == filter);
  CHECK_THROWS_MATCHES(Site().factory.refresh("Absent"), Error, fails(ErrorCode::kClassNotFound));
}

TEST_CASE("18: absence is not remembered", "[core][factory]") {
  Site site;
  CHECK_FALSE(site.factory.get("GoodFilter").has_value());
  Site author(site.memory);
  author.manager.push(author.open("good_filter"));
  CHECK(site.factory.get("GoodFilter").has_value());
}

TEST_CASE("18: contains, iteration and printing look at memory alone", "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  CHECK_FALSE(site.factory.contains("GoodFilter"));
  std::ostringstream out;
  site.factory.print_available_components(out);
  int seen = 0;
  for (const auto& item : site.factory) seen += item.first.empty() ? 0 : 1;
  CHECK(seen == 0);
  CHECK(site.requests().empty());
}

TEST_CASE("18: nothing is requested but what was asked for", "[core][factory]") {
  const Shop shop;
  shop.author.manager.push(shop.author.open("counter_v1"));
  Site site(shop.author.memory);
  site.factory["GoodFilter"];
  for (const std::string& request : site.requests()) {
    CHECK_THAT(request, Catch::Contains("plugins/GoodFilter/"));
    CHECK_THAT(request, !Catch::Contains(shop.first.hash()->hex()));
  }
}

// Absent continues; everything else stops.

TEST_CASE("18: a corrupt binary stops, and never becomes a built-in", "[core][factory]") {
  const Shop shop;
  shop.author.memory->flip_bit(binary_key_of(shop.second), 4321);
  Site site(shop.author.memory);
  site.fallback.assign("GoodFilter", compiled_in<GoodFilter>());
  const auto corrupt =
      fails(ErrorCode::kCorrupt, {"GoodFilter", "expected sha256 " + shop.second.hash()->hex()});
  CHECK_THROWS_MATCHES(site.factory["GoodFilter"], Error, corrupt);
  CHECK_THROWS_MATCHES(site.factory.get("GoodFilter"), Error, corrupt);
  CHECK_THROWS_MATCHES(site.factory.get("GoodFilter", compiled_in<GoodFilter>()), Error, corrupt);
  CHECK_FALSE(site.factory.contains("GoodFilter"));
}

TEST_CASE("18: a storage that fails stops, and never becomes a built-in", "[core][factory]") {
  const ErrorCode code = GENERATE(ErrorCode::kStorageUnreachable, ErrorCode::kStorageRefused);
  const Shop shop;
  std::uint64_t nth = 0;  // the request that fails: each in its turn
  for (bool failed = true; failed;) {
    Site site(shop.author.memory);
    site.fallback.assign("GoodFilter", compiled_in<GoodFilter>());
    site.storage->fail(++nth, code);
    try {
      const PetClass& found = site.factory["GoodFilter"];
      CHECK(found == shop.second);
      failed = false;
    } catch (const Error& error) {
      CHECK(error.code() == code);
      CHECK_FALSE(site.factory.contains("GoodFilter"));
      CHECK(site.factory["GoodFilter"] == shop.second);  // the failure is not remembered
    }
  }
  CHECK(nth > 3);
}

TEST_CASE("18: a class for other platforms only stops, and never becomes a built-in",
          "[core][factory]") {
  Site site;
  const Binary foreign = for_aarch64("good_filter");
  site.manager.push({&foreign, 1});
  site.fallback.assign("GoodFilter", compiled_in<GoodFilter>());
  CHECK_THROWS_MATCHES(site.factory["GoodFilter"], Error,
                       fails(ErrorCode::kNoBinaryForPlatform, {"linux-aarch64-gnu"}));
  CHECK_THROWS_MATCHES(site.factory.get("GoodFilter"), Error,
                       fails(ErrorCode::kNoBinaryForPlatform));
}

TEST_CASE("18: a corrupt newest entry stops, also when an older one is intact", "[core][factory]") {
  const Shop shop;
  shop.author.memory->put(log_key("GoodFilter", 2), "{}");
  Site site(shop.author.memory);
  site.fallback.assign("GoodFilter", compiled_in<GoodFilter>());
  CHECK_THROWS_MATCHES(site.factory["GoodFilter"], Error, fails(ErrorCode::kCorrupt));
}

TEST_CASE("18: without a storage there are memory and fallback", "[core][factory]") {
  Site site;
  site.manager.set_storage(nullptr);
  site.fallback.assign("PlainFilter", compiled_in<PlainFilter>());
  CHECK(site.factory["PlainFilter"] == compiled_in<PlainFilter>());
}

TEST_CASE("18: offline, names come from memory and fallback only", "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory, {.offline = true});
  site.fallback.assign("PlainFilter", compiled_in<PlainFilter>());
  CHECK(site.factory["PlainFilter"] == compiled_in<PlainFilter>());
  CHECK_THROWS_MATCHES(
      site.factory["GoodFilter"], Error,
      fails(ErrorCode::kClassNotFound, {"no class 'GoodFilter': not in memory, memory: not asked "
                                        "(offline), not built in"}));
  CHECK_THROWS_MATCHES(site.factory.refresh("PlainFilter"), Error,
                       fails(ErrorCode::kStorageUnreachable, {"not asked offline"}));
  site.cache->insert(*shop.first.binary());
  CHECK(site.factory.get_version("GoodFilter", *shop.first.hash()) == shop.first);
  CHECK(site.requests().empty());
}

// ---- 19 -----------------------------------------------------------------------------------------

TEST_CASE("19: the tracked hash is answered from memory without a request", "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  const PetClass& latest = site.factory["GoodFilter"];
  site.storage->forget();
  site.cache->clear();
  CHECK(site.factory.get_version("GoodFilter", *shop.second.hash()) == latest);
  CHECK(site.requests().empty());
}

TEST_CASE("19: get_version returns that exact binary and registers nothing", "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  CHECK(site.factory.get_version("GoodFilter", shop.first.hash()->hex()) == shop.first);
  CHECK_FALSE(site.factory.contains("GoodFilter"));
  CHECK(site.factory.tracked_hashes().empty());
  CHECK(site.factory["GoodFilter"] == shop.second);
  CHECK(site.factory.get_version("GoodFilter", *shop.first.hash()) == shop.first);
  CHECK(site.factory["GoodFilter"] == shop.second);
}

TEST_CASE("19: a cached version needs no request", "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  site.factory.get_version("GoodFilter", *shop.first.hash());
  site.storage->break_down(ErrorCode::kStorageUnreachable);
  CHECK(site.factory.get_version("GoodFilter", *shop.first.hash()) == shop.first);
}

TEST_CASE("19: what is no hash is invalid_hash before any request", "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  const std::string upper(64, 'A');
  for (const std::string& text : {std::string(), std::string("latest"), std::string(63, 'a'),
                                  std::string(65, 'a'), upper, std::string(64, 'g')}) {
    CHECK_THROWS_MATCHES(site.factory.get_version("GoodFilter", text), Error,
                         fails(ErrorCode::kInvalidHash));
  }
  CHECK(site.requests().empty());
}

TEST_CASE("19: an absent hash names those there are, and falls to nothing else",
          "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  site.fallback.assign("GoodFilter", compiled_in<GoodFilter>());
  CHECK_THROWS_MATCHES(
      site.factory.get_version("GoodFilter", kAbsentHash), Error,
      fails(ErrorCode::kVersionNotFound,
            {"GoodFilter", kAbsentHash, shop.first.hash()->hex(), shop.second.hash()->hex()}));
  CHECK_THROWS_MATCHES(Site().factory.get_version("GoodFilter", kAbsentHash), Error,
                       fails(ErrorCode::kVersionNotFound, {"GoodFilter", kAbsentHash}));
}

TEST_CASE("19: the exact binary is found where it was bound", "[core][factory]") {
  Site site;
  const PetClass filter = site.open("good_filter");
  site.fallback.assign("GoodFilter", filter);
  CHECK(site.factory.get_version("GoodFilter", *filter.hash()) == filter);
  CHECK(site.requests().empty());
}

// ---- 20, 21 -------------------------------------------------------------------------------------

TEST_CASE("20: assigning changes class and hash, and storage not until push", "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  site.factory["GoodFilter"];
  const PetClass old = site.factory.get_version("GoodFilter", *shop.first.hash());
  const auto keys = site.memory->list("");
  site.factory.assign("GoodFilter", old);
  CHECK(site.factory["GoodFilter"] == shop.first);
  CHECK(site.factory.tracked_hashes().at("GoodFilter") == shop.first.hash());
  CHECK(site.memory->list("") == keys);
  CHECK(site.manager.latest_meta("GoodFilter")->hash == shop.second.hash());

  CHECK(site.factory.push_all().at(0).kind == PushKind::kMovedBack);
  CHECK(site.manager.latest_meta("GoodFilter")->hash == shop.first.hash());
}

TEST_CASE("20: a compiled-in class cannot be assigned", "[core][factory]") {
  Site site;
  CHECK_THROWS_MATCHES(
      site.factory.assign("PlainFilter", compiled_in<PlainFilter>()), Error,
      fails(ErrorCode::kNoBinary, {"build it with pet_add_plugin and bind the .so"}));
  CHECK_FALSE(site.factory.contains("PlainFilter"));
}

TEST_CASE("20: under an alias, storage uses the class's own name", "[core][factory]") {
  Site site;
  const PetClass filter = site.open("good_filter");
  site.factory.assign("Smooth", filter);
  CHECK(site.factory["Smooth"].name() == "GoodFilter");
  CHECK(site.factory["Smooth"].create().item_dump().at("clazz").as_text() == "GoodFilter");
  CHECK(site.factory.push_all().at(0).class_name == "GoodFilter");
  CHECK_FALSE(site.manager.latest_meta("Smooth").has_value());

  site.manager.persist_class(site.open("good_filter_v2"));
  const Hash other = Binary::read(fixture("good_filter_v2")).hash();
  CHECK(site.factory.get_version("Smooth", other).hash() == other);
}

TEST_CASE("20: a displaced version stays reachable, pushed or not", "[core][factory]") {
  Site site;
  const Hash first = *site.factory.assign("GoodFilter", site.open("good_filter")).hash();
  const Hash second = *site.factory.assign("GoodFilter", site.open("good_filter_v2")).hash();
  site.cache->clear();
  CHECK(site.factory["GoodFilter"].hash() == second);
  CHECK(site.factory.get_version("GoodFilter", first).hash() == first);
  site.factory.erase("GoodFilter");
  CHECK(site.factory.get_version("GoodFilter", second).hash() == second);
  CHECK(site.requests().empty());

  // So the original's rollback works without a push.
  site.factory.assign("GoodFilter", site.factory.get_version("GoodFilter", first));
  CHECK(site.factory["GoodFilter"].hash() == first);
}

TEST_CASE("21: tracked_hashes has every registered name and its hash", "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  site.factory["GoodFilter"];
  const PetClass counter = site.open("counter_v1");
  site.factory.assign("Tally", counter);
  CHECK(
      site.factory.tracked_hashes() ==
      std::map<std::string, Hash>{{"GoodFilter", *shop.second.hash()}, {"Tally", *counter.hash()}});
  site.factory.erase("GoodFilter");
  CHECK(site.factory.tracked_hashes().size() == 1);
  site.factory.clear();
  CHECK(site.factory.tracked_hashes().empty());
}

// ---- 22 -----------------------------------------------------------------------------------------

TEST_CASE("22: push_all publishes what was assigned, never what was only loaded",
          "[core][factory]") {
  const Shop shop;
  Site reader(shop.author.memory);
  reader.factory["GoodFilter"];
  shop.author.manager.push(shop.first);  // meanwhile somebody moves latest
  reader.factory.assign("Counter", reader.open("counter_v1"));
  const std::vector<PushResult> results = reader.factory.push_all({.message = "nightly"});
  REQUIRE(results.size() == 1);
  CHECK(results[0].class_name == "Counter");
  CHECK(reader.manager.latest_meta("Counter")->message == "nightly");
  CHECK(reader.manager.latest_meta("GoodFilter")->hash == shop.first.hash());
}

TEST_CASE("22: an empty push_all makes no request", "[core][factory]") {
  Site site;
  CHECK(site.factory.push_all().empty());
  CHECK(site.requests().empty());
}

TEST_CASE("22: a second push_all changes nothing", "[core][factory]") {
  Site site;
  site.factory.assign("GoodFilter", site.open("good_filter"));
  site.factory.assign("Counter", site.open("counter_v1"));
  site.factory.assign("OldCounter", site.open("counter_v2"));
  CHECK(site.factory.push_all().size() == 2);
  const auto keys = site.memory->list("");
  for (const PushResult& result : site.factory.push_all()) {
    CHECK(result.kind == PushKind::kUnchanged);
  }
  CHECK(site.memory->list("") == keys);
}

TEST_CASE("22: of several versions the one under its own name becomes latest", "[core][factory]") {
  const bool own_name_first = GENERATE(true, false);
  Site site;
  const PetClass first = site.open("counter_v1");
  const PetClass second = site.open("counter_v2");
  if (own_name_first) site.factory.assign("Counter", first);
  site.factory.assign("NewCounter", second);
  if (!own_name_first) site.factory.assign("Counter", first);
  CHECK(site.factory.push_all().size() == 1);
  CHECK(site.manager.latest_meta("Counter")->hash == first.hash());
  CHECK(site.manager.versions("Counter").size() == 2);
}

TEST_CASE("22: one failure does not stop the others, and one error lists all", "[core][factory]") {
  Site site;
  const PetClass good = site.open("good_filter");
  const PetClass counter = site.open("counter_v1");
  site.factory.assign("GoodFilter", good);
  site.factory.assign("Counter", counter);
  site.memory->put(binary_key_of(good), "something else");
  CHECK_THROWS_MATCHES(
      site.factory.push_all(), Error,
      fails(ErrorCode::kCorrupt, {"1 of 2 classes did not reach memory::",
                                  "\n  GoodFilter " + good.hash()->short_hex() + ": ",
                                  "\n  published: Counter " + counter.hash()->short_hex()}));
  CHECK(site.manager.check_status(counter) == Status::kSynced);
  CHECK(site.manager.check_status(good) == Status::kUntracked);

  site.memory->remove(binary_key_of(good));
  site.memory->put(binary_key_of(counter), "x");
  site.memory->put(binary_key_of(good), "y");
  CHECK_THROWS_MATCHES(
      site.factory.push_all(), Error,
      fails(ErrorCode::kCorrupt, {"2 of 2 classes", "\n  GoodFilter ", "\n  Counter "}));
}

TEST_CASE("22: a storage that fails is one error that lists every class", "[core][factory]") {
  Site site;
  site.factory.assign("GoodFilter", site.open("good_filter"));
  site.factory.assign("Counter", site.open("counter_v1"));
  site.storage->break_down(ErrorCode::kStorageUnreachable);
  CHECK_THROWS_MATCHES(
      site.factory.push_all(), Error,
      fails(ErrorCode::kStorageUnreachable, {"2 of 2 classes", "GoodFilter", "Counter"}));
}

// ---- 23 -----------------------------------------------------------------------------------------

TEST_CASE("23: an observer hears of lazy pulls, exact fetches and publishes, with durations",
          "[core][factory]") {
  const Shop shop;
  const std::vector<Event> published = shop.author.events.of(EventKind::kPublish);
  REQUIRE(published.size() == 2);
  CHECK(published[0].class_name == "GoodFilter");
  CHECK(published[0].hash == shop.first.hash()->hex());
  CHECK(published[0].source == "memory:");
  CHECK(published[0].duration.count() > 0);

  Site site(shop.author.memory);
  site.factory["GoodFilter"];
  const std::vector<Event> lazy = site.events.of(EventKind::kLazyPull);
  REQUIRE(lazy.size() == 1);
  CHECK(lazy[0].class_name == "GoodFilter");
  CHECK(lazy[0].hash == shop.second.hash()->hex());
  CHECK(lazy[0].source == "memory:");
  CHECK(lazy[0].duration.count() > 0);

  site.factory.get_version("GoodFilter", *shop.first.hash());
  const std::vector<Event> exact = site.events.of(EventKind::kExactVersion);
  REQUIRE(exact.size() == 1);
  CHECK(exact[0].hash == shop.first.hash()->hex());
  CHECK(exact[0].duration.count() > 0);

  site.factory.get_version("GoodFilter", *shop.first.hash());
  CHECK(site.events.of(EventKind::kExactVersion).size() == 1);
  CHECK(site.events.of(EventKind::kCacheHit).size() == 1);
}

TEST_CASE("23: an observer hears of refusals, in one line", "[core][factory]") {
  Site site;
  CHECK_THROWS_AS(site.manager.open_plugin(fixture("needs_newer_glibc")), Error);
  const std::vector<Event> refusals = site.events.of(EventKind::kRefusal);
  REQUIRE(refusals.size() == 1);
  CHECK_FALSE(refusals[0].class_name.empty());
  CHECK(refusals[0].hash == Binary::read(fixture("needs_newer_glibc")).hash().hex());
  CHECK_THAT(refusals[0].source, Catch::EndsWith("/needs_newer_glibc.so"));
  CHECK(refusals[0].message.find('\n') == std::string::npos);
}

// ---- prefetch -----------------------------------------------------------------------------------

TEST_CASE("prefetch answers names and versions, and requests nothing else", "[core][factory]") {
  const Shop shop;
  const PetClass counter = shop.author.open("counter_v1");
  shop.author.manager.push(counter);
  shop.author.manager.push(shop.author.open("counter_v2"));
  Site site(shop.author.memory);
  site.fallback.assign("PlainFilter", compiled_in<PlainFilter>());
  const std::vector<ClassRequest> requests{{"GoodFilter"},
                                           {"GoodFilter", shop.first.hash()},
                                           {"Counter", counter.hash()},
                                           {"PlainFilter"},
                                           {"Absent"},
                                           {"Counter", Hash::require(kAbsentHash)}};
  const std::vector<ClassAnswer> answers = site.factory.prefetch(requests);
  REQUIRE(answers.size() == requests.size());
  CHECK(answers[0].clazz == shop.second);
  CHECK(answers[1].clazz == shop.first);
  CHECK(answers[2].clazz == counter);
  CHECK(answers[3].clazz == compiled_in<PlainFilter>());
  CHECK_THROWS_MATCHES(std::rethrow_exception(answers[4].error), Error,
                       fails(ErrorCode::kClassNotFound));
  CHECK_THROWS_MATCHES(std::rethrow_exception(answers[5].error), Error,
                       fails(ErrorCode::kVersionNotFound));
  CHECK(site.requests("get " + binary_key_of(shop.second)).size() == 1);
  CHECK(site.requests("get " + binary_key_of(shop.first)).size() == 1);
  CHECK(site.requests("get " + binary_key_of(counter)).size() == 1);

  site.storage->forget();
  site.factory.prefetch({requests.data(), 1});
  CHECK(site.requests().empty());
}

}  // namespace
}  // namespace pet::test
