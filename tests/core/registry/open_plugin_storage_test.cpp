// A registry over a chain of storages, and what the layout tells the chain.
#include "core/registry/open_plugin_storage.hpp"

#include <catch2/catch.hpp>

#include "storage/local_storage.hpp"
#include "storage/open_storage.hpp"
#include "tests/core/registry/pushes.hpp"
#include "tests/storage/temporary_folder.hpp"

using namespace pet;
using namespace pet::test;

namespace {

const std::string kHex(64, 'a');

// A mirror and an authority in directories, opened by their chain's URL.
struct Chained {
  TemporaryFolder folder;
  std::shared_ptr<LocalStorage> mirror = std::make_shared<LocalStorage>(folder / "mirror");
  std::shared_ptr<LocalStorage> authority = std::make_shared<LocalStorage>(folder / "authority");
  std::vector<Event> events;
  std::string url = "chain:" + folder / "mirror" + "|" + folder / "authority";
  std::shared_ptr<BaseStorage> chain;
  Registry registry;

  Chained()
      : chain(open_plugin_storage(url, [this](const Event& event) { events.push_back(event); })),
        registry(chain, {.by = "ann@build7"}) {
    mirror->ensure_exists();
    authority->ensure_exists();
  }
};

}  // namespace

TEST_CASE("of which keys any copy serves is known by their hash", "[core][registry][chain]") {
  const struct {
    std::string key;
    std::optional<KeyContent> content;
  } cases[] = {
      {"plugins/A/" + kHex + ".so", KeyContent::kBinary},
      {"plugins/A/" + kHex + ".dll", KeyContent::kBinary},
      {"plugins/A/" + kHex + ".json", KeyContent::kFacts},
      {"plugins/A/state/" + kHex + ".bin", KeyContent::kState},
      {"plugins/A/state/" + kHex + ".so", {}},
      {"plugins/A/" + kHex + ".bin", {}},
      {"plugins/A/" + kHex, {}},
      {"plugins/A/" + kHex + ".so.json", {}},
      {"plugins/A/log/" + kHex + ".so", {}},
      {"plugins/A/log/0000000001.json", {}},
      {"plugins/A/latest.json", {}},
      {"plugins/A/tags/v1.json", {}},
      {"other/A/" + kHex + ".so", {}},
      {"plugins/" + kHex + ".so", {}},
      {"plugins/A/" + std::string(64, 'A') + ".so", {}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.key);
    const std::optional<HashedKey> hashed = hashed_key(c.key);
    CHECK((hashed ? std::optional(hashed->content) : std::nullopt) == c.content);
  }
}

TEST_CASE("a push through a chain goes to the authority, and a mirror serves what it has",
          "[core][registry][chain]") {
  Chained site;
  site.registry.push(item("A", "first"));
  const Hash hash = hash_of("first");
  CHECK(site.mirror->list("").empty());
  CHECK(site.authority->list("plugins/A/").size() == 4);

  const std::string key = binary_key("A", hash, kLinux);
  site.mirror->put(key, "first");
  site.authority->remove(key);
  CHECK(site.registry.require_binary("A", hash, kLinux) == "first");
  CHECK(site.events.empty());
}

TEST_CASE("what a mirror says of log and latest is never heard", "[core][registry][chain]") {
  Chained site;
  Registry(site.mirror).push(item("A", "old"));
  Registry(site.mirror).push(item("Only", "there"));
  CHECK_FALSE(site.registry.newest("A"));
  CHECK(site.registry.class_names().empty());
  site.registry.push(item("A", "new"));
  CHECK(site.registry.require_newest("A").hash == hash_of("new"));
}

TEST_CASE("a mirror's wrong bytes are passed over and reported with class and hash",
          "[core][registry][chain]") {
  Chained site;
  site.registry.push(item("A", "right"));
  const Hash hash = hash_of("right");
  site.mirror->put(binary_key("A", hash, kLinux), "<html>");
  CHECK(site.registry.require_binary("A", hash, kLinux) == "right");
  REQUIRE(site.events.size() == 1);
  CHECK(to_string(site.events[0]) ==
        "passed_over A " + hash.short_hex() + " from " + site.mirror->describe() +
            ": another copy is looked for: expected sha256 " + hash.hex() + ", got " +
            hash_of("<html>").hex() + " (6 bytes)");
}

TEST_CASE("states and facts of a mirror are checked as far as they can be",
          "[core][registry][chain]") {
  Chained site;
  const FittedState state{"A", Binary::from_bytes("state", "s")};
  site.registry.put_states({&state, 1});
  const Hash hash = state.bytes.hash();
  site.mirror->put(state_key("A", hash), "other");
  CHECK(site.registry.require_state("A", hash) == "state");
  CHECK(site.events.size() == 1);

  const std::string key = facts_key("A", hash);
  const std::string facts = "{\"hash\": \"" + hash.hex() + "\"}";
  site.authority->put(key, facts);
  for (const std::string wrong : {"<html>", "{}", "[]", "{\"hash\": \"0\"}"}) {
    CAPTURE(wrong);
    site.mirror->put(key, wrong);
    CHECK(site.chain->get(key) == facts);
  }
  CHECK(site.events.size() == 5);
}

TEST_CASE(
    "while the authority cannot be reached, pinned versions come from a mirror and names do "
    "not",
    "[core][registry][chain]") {
  const TemporaryFolder folder;
  const auto mirror = std::make_shared<LocalStorage>(folder / "mirror");
  mirror->ensure_exists();
  Registry(mirror).push(item("A", "bytes"));
  Registry chained(open_plugin_storage("chain:" + folder / "mirror" + "|" + folder / "unmounted"));
  const Hash hash = hash_of("bytes");
  CHECK(chained.require_binary("A", hash, kLinux) == "bytes");
  const auto unreachable = fails(ErrorCode::kStorageUnreachable, {"unmounted"});
  CHECK_THROWS_MATCHES(chained.newest("A"), Error, unreachable);
  CHECK_THROWS_MATCHES(chained.class_names(), Error, unreachable);
  CHECK_THROWS_MATCHES(chained.require_binary("A", hash_of("other"), kLinux), Error, unreachable);
}

TEST_CASE("push --verify reads the authority's own bytes, not a mirror's copy",
          "[core][registry][chain]") {
  Chained site;
  site.registry.push(item("A", "bytes"));
  const std::string key = binary_key("A", hash_of("bytes"), kLinux);
  site.mirror->put(key, "bytes");
  site.authority->put(key, "bytfs");
  PublishOptions verify;
  verify.check_existing = CheckExisting::kBytes;
  CHECK_THROWS_MATCHES(site.registry.push(item("A", "bytes", verify)), Error,
                       fails(ErrorCode::kCorrupt, {"was not pushed", hash_of("bytfs").hex()}));
}

TEST_CASE("other URLs open as open_storage opens them", "[core][registry][chain]") {
  CHECK(open_plugin_storage("memory:")->describe() == "memory:");
  CHECK_THROWS_MATCHES(open_plugin_storage("chain:memory:"), Error,
                       fails(ErrorCode::kUsage, {"at least two"}));
}
