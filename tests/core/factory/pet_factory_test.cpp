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

}  // namespace
}  // namespace pet::test
