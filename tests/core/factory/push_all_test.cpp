// What a PetFactory publishes.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "storage/error.hpp"
#include "tests/barrier.hpp"
#include "tests/core/factory/site.hpp"
#include "tests/renamed_plugin.hpp"

namespace pet::test {
namespace {

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

TEST_CASE("22: push_all is batched and parallel", "[core][factory]") {
  Site site;
  constexpr std::size_t kClasses = 32;
  for (std::size_t i = 0; i < kClasses; ++i) {
    const std::string file = site.folder / (numbered_name(i) + ".so");
    write_file(file, std::string(numbered_plugin(i).view()));
    site.factory.assign(numbered_name(i), site.manager.open_plugin(file));
  }
  REQUIRE(site.factory.tracked_hashes().size() == kClasses);
  Barrier reading(2);
  site.storage->before_each([&](const std::string& request) {
    if (request.starts_with("get ")) reading.arrive_and_wait();
  });
  CHECK(site.factory.push_all().size() == kClasses);
  CHECK(reading.met());
  // One batch each for binaries, facts, entries and hints.
  CHECK(site.requests("put").size() == 4);
  for (const std::string& request : site.requests("put")) {
    CHECK_THAT(request, Catch::StartsWith("put_many ") && Catch::Contains("/GoodF00000/") &&
                            Catch::Contains("/GoodF00031/"));
  }
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

}  // namespace
}  // namespace pet::test
