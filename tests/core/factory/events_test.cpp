// What an observer hears of a manager and its factory.
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "storage/error.hpp"
#include "tests/core/factory/site.hpp"
#include "tests/watchdog.hpp"

namespace pet::test {
namespace {

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

TEST_CASE("23: a lazy pull says that its bytes came from the cache", "[core][factory]") {
  const Shop shop;
  Site site(shop.author.memory);
  site.cache->insert(*shop.second.binary());
  site.factory["GoodFilter"];
  const std::vector<Event> lazy = site.events.of(EventKind::kLazyPull);
  REQUIRE(lazy.size() == 1);
  CHECK(lazy[0].source == "cache");
  CHECK(lazy[0].hash == shop.second.hash()->hex());
}

// Each with class, hash, source and duration, in one line, and once.

TEST_CASE("23: an observer hears of what the gate refuses", "[core][factory]") {
  Site site;
  CHECK_THROWS_AS(site.manager.open_plugin(fixture("needs_newer_glibc")), Error);
  const std::vector<Event> refusals = site.events.of(EventKind::kRefusal);
  REQUIRE(refusals.size() == 1);
  CHECK_FALSE(refusals[0].class_name.empty());
  CHECK(refusals[0].hash == Binary::read(fixture("needs_newer_glibc")).hash().hex());
  CHECK_THAT(refusals[0].source, Catch::EndsWith("/needs_newer_glibc.so"));
  CHECK(refusals[0].message.find('\n') == std::string::npos);
  CHECK(refusals[0].duration.count() > 0);
}

TEST_CASE("23: an observer hears of a damaged download, whoever made the cache",
          "[core][factory]") {
  const Shop shop;
  shop.author.memory->flip_bit(binary_key_of(shop.second), 4321);
  const auto storage = shop.author.memory;
  Events events;
  const TemporaryFolder folder;
  const auto silent = std::make_shared<BinaryCache>(folder / "cache");
  const PetClassManager manager(storage, silent, {.observer = events.observer()});
  int expected = 0;
  const auto check_refusal = [&] {
    const std::vector<Event> refusals = events.of(EventKind::kRefusal);
    REQUIRE(refusals.size() == static_cast<std::size_t>(++expected));
    CHECK(refusals.back().class_name == "GoodFilter");
    CHECK(refusals.back().hash == shop.second.hash()->hex());
    CHECK(refusals.back().source == "memory:");
    CHECK_THAT(refusals.back().message, Catch::Contains("expected sha256"));
    CHECK(refusals.back().duration.count() > 0);
  };
  CHECK_THROWS_AS(manager.find_latest("GoodFilter"), Error);
  check_refusal();
  CHECK_THROWS_AS(manager.pull("GoodFilter"), Error);
  check_refusal();
  CHECK_THROWS_AS(manager.recover_class("GoodFilter", *shop.second.hash()), Error);
  check_refusal();
}

TEST_CASE("23: an observer hears of a damaged log entry that stops a name", "[core][factory]") {
  const Shop shop;
  shop.author.memory->put(log_key("GoodFilter", 2), "{}");
  Site site(shop.author.memory);
  CHECK_THROWS_AS(site.factory["GoodFilter"], Error);
  const std::vector<Event> refusals = site.events.of(EventKind::kRefusal);
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].class_name == "GoodFilter");
  CHECK(refusals[0].source == "memory:");
  CHECK(refusals[0].duration.count() > 0);
}

TEST_CASE("23: an observer hears of a push that damage stopped", "[core][factory]") {
  Site site;
  const PetClass filter = site.open("good_filter");
  site.memory->put(binary_key_of(filter), "not a filter");
  CHECK_THROWS_AS(site.manager.push(filter), Error);
  const std::vector<Event> refusals = site.events.of(EventKind::kRefusal);
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].class_name == "GoodFilter");
  CHECK(refusals[0].hash == filter.hash()->hex());
  CHECK(refusals[0].source == "memory:");
  CHECK(refusals[0].duration.count() > 0);
  CHECK(site.events.of(EventKind::kPublish).empty());
}

// ---- observers that call back -------------------------------------------------------------------

// A machine whose observer asks it, at every event, for what it is just getting.
struct CallingBack {
  explicit CallingBack(const Shop& shop)
      : wanted(*shop.second.hash()),
        cache(std::make_shared<BinaryCache>(folder / "cache", CacheOptions{observer()})),
        manager(shop.author.memory, cache, {.observer = observer()}) {}

  Observer observer() {
    return [this](const Event& event) {
      const bool is_outermost = !asking.exchange(true);
      if (!is_outermost) return;
      kinds.insert(event.kind);
      try {
        answers.push_back(factory.get("GoodFilter").has_value());
        factory.get_version("GoodFilter", wanted);
      } catch (const Error&) {
      }
      asking = false;
    };
  }

  Hash wanted;
  std::atomic<bool> asking = false;
  std::set<EventKind> kinds;
  std::vector<bool> answers;
  TemporaryFolder folder;
  std::shared_ptr<BinaryCache> cache;
  PetClassManager manager;
  PetFactory factory{manager};
};

TEST_CASE("23: an observer may ask for the very class that is being loaded", "[core][factory]") {
  const Shop shop;
  shop.author.memory->put(latest_key("GoodFilter"), "{broken");  // kDamage, in the middle of a load
  const auto site = std::make_shared<CallingBack>(shop);
  REQUIRE(finishes([site] { site->factory["GoodFilter"]; }));
  CHECK(site->kinds.contains(EventKind::kDamage));
  CHECK(site->answers == std::vector<bool>(site->answers.size(), true));

  // From the cache, whose lookup is shared by all who ask for the hash.
  site->kinds.clear();
  const Hash first = *shop.first.hash();
  site->wanted = first;
  REQUIRE(finishes([=] { site->factory.get_version("GoodFilter", first); }));
  CHECK(site->kinds.contains(EventKind::kExactVersion));
  REQUIRE(finishes([=] { site->factory.get_version("GoodFilter", first); }));
  CHECK(site->kinds.contains(EventKind::kCacheHit));
}

TEST_CASE("23: an observer may ask again for what was refused", "[core][factory]") {
  const Shop shop;
  shop.author.memory->flip_bit(binary_key_of(shop.second), 4321);
  const auto site = std::make_shared<CallingBack>(shop);
  site->wanted = *shop.first.hash();
  REQUIRE(finishes([site] { site->manager.recover_class("GoodFilter", site->wanted); }));
  site->kinds.clear();
  REQUIRE(finishes([site] { site->factory.get("GoodFilter"); }));
  CHECK(site->kinds == std::set{EventKind::kRefusal});
}

TEST_CASE("23: an observer may call back from the threads that help with a load",
          "[core][factory]") {
  // To say which versions there are, the log is read by several threads, while others wait.
  const Shop shop;
  for (int i = 0; i < 10; ++i) {
    shop.author.manager.push(i % 2 == 0 ? shop.first : shop.second);
  }
  for (int i = 2; i < 10; ++i) {
    shop.author.memory->put(log_key("GoodFilter", static_cast<std::uint64_t>(i)), "{broken");
  }
  const auto site = std::make_shared<CallingBack>(shop);
  site->wanted = Hash::require(kAbsentHash);
  REQUIRE(finishes([site] { site->factory.get_version("GoodFilter", site->wanted); }));
  CHECK(site->kinds.contains(EventKind::kDamage));
}

}  // namespace
}  // namespace pet::test
