// Exact versions of a PetFactory: asked for, assigned, displaced, fetched ahead.
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "core/loader/base_plugin.hpp"
#include "storage/error.hpp"
#include "tests/core/factory/compiled_in.hpp"
#include "tests/core/factory/site.hpp"

namespace pet::test {
namespace {

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
