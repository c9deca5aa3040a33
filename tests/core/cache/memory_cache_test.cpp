// A cache in memory.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/cache/binary_cache.hpp"
#include "tests/core/cache/cache_site.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/temporary_folder.hpp"

using namespace pet;
using namespace pet::test;

TEST_CASE("in memory, no path comes back for other bytes, whoever closed its descriptor",
          "[core][cache]") {
  const auto cache = BinaryCache::in_memory();
  const std::string first = cache->insert(Binary::from_bytes("kept in memory, then closed")).file;
  ::close(std::stoi(first.substr(first.rfind('/') + 1)));
  const std::string second = cache->insert(Binary::from_bytes("kept in memory afterwards")).file;
  CHECK(second != first);
  CHECK(cache->find(Hash::of(std::string_view("kept in memory afterwards")))->file == second);
  CHECK_FALSE(cache->find(Hash::of(std::string_view("kept in memory, then closed"))).has_value());
}

TEST_CASE("in memory a binary is a sealed file that nobody can change", "[core][cache]") {
  std::vector<Event> events;
  const auto cache =
      BinaryCache::in_memory({.observer = [&](const Event& event) { events.push_back(event); }});
  CHECK(cache->describe() == "memory:");
  const std::string bytes = "in memory";
  int downloads = 0;
  const auto get = [&] {
    return cache->get_or_fetch(Hash::of(bytes), kSubject, [&] {
      ++downloads;
      return bytes;
    });
  };
  const CachedBinary first = get();
  CHECK_THAT(first.file, Catch::Matchers::StartsWith("/proc/self/fd/"));
  CHECK(read_file(first.file) == bytes);
  CHECK(get().file == first.file);
  CHECK(downloads == 1);
  CHECK(events.size() == 1);

  const int again = ::open(first.file.c_str(), O_RDWR);
  if (again >= 0) {
    CHECK(::write(again, "X", 1) < 0);
    CHECK(::ftruncate(again, 0) != 0);
    ::close(again);
  }
  CHECK(read_file(first.file) == bytes);

  // One path for one hash in the process, whichever cache it is, and for ever.
  cache->clear();
  CHECK(cache->evict(0) == 0);
  CHECK(BinaryCache::in_memory()->find(Hash::of(bytes))->file == first.file);
  CHECK(BinaryCache::in_memory()->insert(Binary::from_bytes(bytes)).file == first.file);
  CHECK(cache->size().bytes >= bytes.size());
  CHECK_FALSE(cache->quarantined(Hash::of(bytes)));
  CHECK_FALSE(cache->find(Hash::of(std::string_view("something else"))));
}

TEST_CASE("in memory too, a download of other bytes is corrupt", "[core][cache]") {
  const auto cache = BinaryCache::in_memory();
  const Hash hash = Hash::of(std::string_view("right, in memory"));
  CHECK_THROWS_MATCHES(cache->get_or_fetch(hash, kSubject, [] { return std::string("wrong"); }),
                       Error, fails(ErrorCode::kCorrupt, {"expected sha256 " + hash.hex()}));
  CHECK_FALSE(cache->find(hash));
}

TEST_CASE("a stranger that closes our descriptor is noticed", "[core][cache]") {
  const auto cache = BinaryCache::in_memory();
  const Binary binary = Binary::from_bytes("soon closed");
  const std::string path = cache->insert(binary).file;
  const int number = std::stoi(path.substr(path.rfind('/') + 1));
  const int other = ::open("/dev/null", O_RDONLY);
  REQUIRE(::dup2(other, number) == number);
  CHECK_FALSE(cache->find(binary.hash()));
  CHECK(cache->insert(binary).file != path);
  ::close(other);
}
