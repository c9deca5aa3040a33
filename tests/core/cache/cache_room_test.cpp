// How much a cache keeps: its size, what is evicted, and what is cleared.
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <string>

#include "core/cache/binary_cache.hpp"
#include "tests/core/cache/cache_site.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/temporary_folder.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

TEST_CASE("a cache says how much it holds, and forgets it when told", "[core][cache]") {
  CacheSite site;
  CHECK(site.cache.size().files == 0);
  site.get("12345");
  site.get("123");
  write_file(site.directory + "/README", "not counted");
  CHECK(site.cache.size().files == 2);
  CHECK(site.cache.size().bytes == 8);

  write_file(site.file_of("123"), "damaged");
  site.get("123");
  const CacheContents before = site.cache.contents();
  CHECK(before.binaries.files == 2);
  CHECK(before.quarantine.files == 1);
  CHECK(before.quarantine.bytes == 7);
  const CacheContents removed = site.cache.clear();
  CHECK(removed.binaries.files == 2);
  CHECK(removed.binaries.bytes == 8);
  CHECK(removed.quarantine.files == 1);
  CHECK(removed.quarantine.bytes == 7);
  CHECK(site.cache.size().files == 0);
  CHECK_FALSE(site.cache.quarantined(Hash::of(std::string_view("123"))));
  CHECK(site.get("123").binary.view() == "123");
}

TEST_CASE("eviction removes what was used least recently, and nothing that is in use",
          "[core][cache]") {
  CacheSite site;
  for (const char* bytes : {"oldest", "old___", "hit___", "fresh_"}) site.get(bytes);
  site.age("oldest", 9);
  site.age("old___", 5);
  site.age("hit___", 8);
  site.get("hit___");  // used now

  CHECK(site.cache.evict(24) == 0);
  CHECK(site.cache.evict(23) == 6);
  CHECK_FALSE(site.has("oldest"));
  CHECK(site.cache.evict(0) == 6);
  CHECK_FALSE(site.has("old___"));
  CHECK(site.has("hit___"));
  CHECK(site.has("fresh_"));
  // A vanished file is fetched again.
  CHECK(site.get("oldest").binary.view() == "oldest");
}

TEST_CASE("a file whose time is to come is the first to go, unless it is used", "[core][cache]") {
  CacheSite site;
  for (const char* bytes : {"future", "old___", "ahead_", "hit___"}) site.get(bytes);
  site.age("future", -1000);
  site.age("hit___", -1000);
  site.age("old___", 5);
  fs::last_write_time(site.file_of("ahead_"),
                      fs::file_time_type::clock::now() + std::chrono::seconds(20));
  site.get("hit___");  // used now

  CHECK(site.cache.evict(23) == 6);
  CHECK_FALSE(site.has("future"));
  CHECK(site.cache.evict(0) == 6);
  CHECK_FALSE(site.has("old___"));
  CHECK(site.has("ahead_"));  // another machine's clock may be that much ahead
  CHECK(site.has("hit___"));
}

TEST_CASE("the quarantine can be cleared alone", "[core][cache]") {
  CacheSite site;
  CHECK(site.cache.clear_quarantine().files == 0);
  site.get("good");
  site.get("bad");
  write_file(site.file_of("bad"), "damaged");
  site.get("bad");
  CHECK(site.cache.clear_quarantine().files == 1);
  CHECK(site.cache.contents().quarantine.files == 0);
  CHECK(site.cache.size().files == 2);
}

TEST_CASE("a directory that no cache has used is not cleared", "[core][cache]") {
  const TemporaryFolder folder;
  const std::string binary = folder / (std::string(64, 'a') + ".so");  // as in a storage
  fs::create_directory(folder / "quarantine");
  write_file(binary, "the only copy");
  write_file(folder / "CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n# of another");
  const auto refused =
      fails(ErrorCode::kStorageRefused,
            {"'" + folder.path() + "' is not cleared: it has no CACHEDIR.TAG of a cache",
             "name the cache's own directory"});
  BinaryCache cache(folder.path());
  CHECK_THROWS_MATCHES(cache.clear(), Error, refused);
  CHECK_THROWS_MATCHES(cache.clear_quarantine(), Error, refused);
  CHECK(read_file(binary) == "the only copy");

  fs::remove(folder / "CACHEDIR.TAG");
  CHECK_THROWS_MATCHES(cache.clear(), Error, refused);
  cache.insert(Binary::from_bytes("bytes"));
  CHECK_THAT(read_file(folder / "CACHEDIR.TAG"),
             Contains("Signature: 8a477f597d28d172789f06886806bc55\n# A cache of petfactory"));
  CHECK(cache.clear().binaries.files == 2);

  fs::create_directory(folder / "empty");
  CHECK(BinaryCache(folder / "empty").clear().binaries.files == 0);
}

TEST_CASE("only what a cache may have put there is cleared, and all of that", "[core][cache]") {
  CacheSite site;
  for (const char* bytes : {"one", "two", "bad"}) site.get(bytes);
  write_file(site.file_of("bad"), "damaged");
  site.get("bad");
  const std::string keep = site.directory + "/quarantine/keep";
  write_file(keep, "somebody else's");
  fs::create_directory(site.directory + "/" + std::string(64, '0') + ".so");
  fs::create_directories(site.directory + "/" + std::string(64, '1') + ".so/full");
  const CacheContents removed = site.cache.clear();
  CHECK(removed.binaries.files == 4);  // the empty folder too
  CHECK(removed.quarantine.files == 1);
  CHECK_FALSE(site.has("one"));
  CHECK_FALSE(site.has("two"));
  CHECK(fs::exists(site.directory + "/" + std::string(64, '1') + ".so/full"));
  CHECK(read_file(keep) == "somebody else's");
}

TEST_CASE("the quarantine keeps the newest damaged files, and not too many bytes",
          "[core][cache]") {
  CacheSite site;
  for (int i = 0; i < 40; ++i) {
    const std::string bytes = "bytes " + std::to_string(i);
    site.get(bytes);
    write_file(site.file_of(bytes), "damage");
    site.cache.find(Hash::of(bytes));
    REQUIRE(site.cache.quarantined(Hash::of(bytes)));
    REQUIRE(site.cache.contents().quarantine.files <= 16);
  }
  CHECK(site.cache.contents().quarantine.files == 16);
  CHECK_FALSE(site.cache.quarantined(Hash::of(std::string_view("bytes 0"))));

  // A large one takes the place of all others, and stays itself.
  site.get("large");
  fs::resize_file(site.file_of("large"), std::uintmax_t{300} << 20);
  site.cache.find(Hash::of(std::string_view("large")));
  CHECK(site.cache.contents().quarantine.files == 1);
  CHECK(site.cache.quarantined(Hash::of(std::string_view("large"))));
}

TEST_CASE("an insert that takes the cache beyond its limit evicts the least recently used",
          "[core][cache]") {
  CacheSite site;
  BinaryCache cache(site.directory, {.max_bytes = 100});
  const auto insert = [&](char name, std::size_t size) {
    const std::string bytes(size, name);
    cache.insert(Binary::from_bytes(bytes));
    return bytes;
  };
  const std::string a = insert('a', 30), b = insert('b', 30), c = insert('c', 30);
  site.age(a, 3);
  site.age(b, 5);
  insert('d', 10);  // exactly the limit
  CHECK(cache.size().bytes == 100);
  insert('e', 1);  // the oldest goes, until at most 90 are left
  CHECK_FALSE(site.has(b));
  CHECK(site.has(a));
  CHECK(cache.size().bytes == 71);
  insert('f', 30);
  CHECK_FALSE(site.has(a));
  CHECK(site.has(c));
}

TEST_CASE("what was used within the last minute stays, whatever the limit", "[core][cache]") {
  CacheSite site;
  BinaryCache cache(site.directory, {.max_bytes = 10});
  for (const char* bytes : {"first bytes", "second bytes", "third bytes"}) {
    CHECK(cache
              .get_or_fetch(Hash::of(std::string_view(bytes)), kSubject,
                            [&] { return std::string(bytes); })
              .binary.view() == bytes);
  }
  CHECK(cache.size().files == 3);
  site.age("second bytes", 1);
  cache.insert(Binary::from_bytes("fourth"));
  CHECK_FALSE(site.has("second bytes"));
  CHECK(cache.size().files == 3);
}

TEST_CASE("what others insert counts too, and without a limit everything stays", "[core][cache]") {
  CacheSite site;
  BinaryCache limited(site.directory, {.max_bytes = 1000});
  BinaryCache other(site.directory, {.max_bytes = CacheOptions::kNoLimit});
  limited.insert(Binary::from_bytes("small"));
  for (char name = 'a'; name < 'k'; ++name) {
    const std::string bytes(300, name);
    other.insert(Binary::from_bytes(bytes));
    site.age(bytes, 1);
  }
  CHECK(limited.size().files == 11);
  // What it found room for before it looks again is a quarter of what was free.
  limited.insert(Binary::from_bytes(std::string(300, 'z')));
  CHECK(limited.size().bytes <= 1000);
}
