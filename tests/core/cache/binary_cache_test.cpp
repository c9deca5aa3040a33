// What a cache gives back, and what it does with damage.
#include "core/cache/binary_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <string>

#include "tests/core/cache/cache_site.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/temporary_folder.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

TEST_CASE("nothing is created before the first use", "[core][cache]") {
  CacheSite site;
  CHECK_FALSE(fs::exists(site.directory));
  CHECK(site.cache.describe() == site.directory);
  CHECK_FALSE(site.cache.find(Hash::of(std::string_view("x"))));
  CHECK((fs::status(site.directory).permissions() & fs::perms::mask) == fs::perms::owner_all);
}

TEST_CASE("a binary is downloaded once, and then comes from the cache under one path",
          "[core][cache]") {
  CacheSite site;
  const CachedBinary first = site.get("bytes");
  CHECK(first.binary.view() == "bytes");
  CHECK(first.file == site.file_of("bytes"));
  CHECK(read_file(first.file) == "bytes");
  CHECK(site.downloads == 1);
  CHECK(site.events.empty());

  const CachedBinary second = site.get("bytes");
  CHECK(second.binary.view() == "bytes");
  CHECK(second.file == first.file);
  CHECK(site.downloads == 1);
  REQUIRE(site.events.size() == 1);
  CHECK(site.events[0].kind == EventKind::kCacheHit);
  CHECK(site.events[0].class_name == "MyFilter");
  CHECK(site.events[0].source == "cache");

  BinaryCache other(site.directory);
  CHECK(other.find(Hash::of(std::string_view("bytes")))->file == first.file);
  CHECK(site.files() == 1);
}

TEST_CASE("a file that is inserted is there for others, and only for its owner to write",
          "[core][cache]") {
  CacheSite site;
  const Binary binary = Binary::from_bytes("bytes");
  CHECK(site.cache.insert(binary).file == site.file_of("bytes"));
  CHECK(site.cache.insert(binary).file == site.file_of("bytes"));
  CHECK((fs::status(site.file_of("bytes")).permissions() &
         (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none);
  CHECK(site.cache.find(binary.hash())->binary.view() == "bytes");
}

TEST_CASE("a damaged file is quarantined, reported and fetched again", "[core][cache]") {
  CacheSite site;
  site.get("the right bytes");
  const Hash hash = Hash::of(std::string_view("the right bytes"));
  const std::string damage =
      GENERATE(as<std::string>{}, "", "the", "the right byteX", "the right bytes and more");
  CHECK_FALSE(site.cache.quarantined(hash));
  write_file(site.file_of("the right bytes"), damage);

  const bool by_find = GENERATE(true, false);
  if (by_find) CHECK_FALSE(site.cache.find(hash));
  const CachedBinary again = site.get("the right bytes");
  CHECK(again.binary.view() == "the right bytes");
  CHECK(read_file(again.file) == "the right bytes");
  CHECK(site.downloads == 2);
  CHECK(site.cache.quarantined(hash));
  REQUIRE(site.events.size() == 1);
  CHECK(site.events[0].kind == EventKind::kQuarantine);
  CHECK(site.events[0].hash == hash.hex());
  CHECK_THAT(site.events[0].message,
             Contains(again.file) && Contains(" bytes of sha256 ") &&
                 Contains("moved to " + site.directory + "/quarantine/" + hash.hex() + "-"));
}

TEST_CASE("every damage is kept, however often a file is damaged", "[core][cache]") {
  CacheSite site;
  for (int i = 0; i < 3; ++i) {
    site.get("bytes");
    write_file(site.file_of("bytes"), "damage " + std::to_string(i));
  }
  site.get("bytes");
  CHECK(std::distance(fs::directory_iterator(site.directory + "/quarantine"),
                      fs::directory_iterator()) == 3);
}

TEST_CASE("what is no file of ours is not followed, not opened, and taken away", "[core][cache]") {
  CacheSite site;
  site.get("bytes");
  const std::string file = site.file_of("bytes");
  const std::string outside = site.folder / "outside";
  write_file(outside, "bytes");  // even the right bytes: whoever owns the link can change them
  fs::remove(file);
  std::string says;
  SECTION("a symbolic link") {
    fs::create_symlink(outside, file);
    says = "cannot be opened: Too many levels of symbolic links";
  }
  SECTION("a link to nowhere") {
    fs::create_symlink(site.folder / "nowhere", file);
    says = "cannot be opened: Too many levels of symbolic links";
  }
  SECTION("a directory") {
    fs::create_directory(file);
    says = "is not a regular file";
  }
  SECTION("a pipe") {
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    says = "is not a regular file";
  }
  SECTION("a file that others may write") {
    write_file(file, "bytes");
    fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
    says = "may be written by others";
  }
  SECTION("a file of another user") {
    if (::geteuid() != 0) {
      WARN("SKIPPED: only root can give a file to another user");
      return;
    }
    write_file(file, "bytes");
    REQUIRE(::chown(file.c_str(), 65534, 65534) == 0);
    says = "belongs to somebody else (uid 65534)";
  }
  const CachedBinary again = site.get("bytes");
  CHECK(fs::symlink_status(again.file).type() == fs::file_type::regular);
  CHECK(site.downloads == 2);
  REQUIRE(site.events.size() == 1);
  CHECK_THAT(site.events[0].message, Contains(says));
  CHECK(read_file(outside) == "bytes");
}

TEST_CASE("a download of other bytes is corrupt and kept nowhere", "[core][cache]") {
  CacheSite site;
  const Hash hash = Hash::of(std::string_view("right"));
  CHECK_THROWS_MATCHES(
      site.cache.get_or_fetch(hash, kSubject, [] { return std::string("wrong"); }), Error,
      fails(ErrorCode::kCorrupt,
            {"MyFilter " + hash.short_hex() + " in memory: is damaged",
             "expected sha256 " + hash.hex() + ", got " + Hash::of(std::string_view("wrong")).hex(),
             "plugins/MyFilter/x.so", "restore that object from a copy, or remove it and push"}));
  CHECK(site.files() == 0);
  CHECK(site.events.empty());  // who asked reports it
  // It is no obstacle for the right ones.
  CHECK(site.get("right").binary.view() == "right");
}

TEST_CASE("what the download throws is passed on", "[core][cache]") {
  CacheSite site;
  const auto get = [&] {
    return site.cache.get_or_fetch(Hash::of(std::string_view("x")), kSubject, []() -> std::string {
      throw Error(ErrorCode::kVersionNotFound, "there is none", {"A", "h", "k"});
    });
  };
  CHECK_THROWS_MATCHES(get(), Error, fails(ErrorCode::kVersionNotFound, {"there is none"}));
}

TEST_CASE("a directory that vanishes is made again", "[core][cache]") {
  CacheSite site;
  site.get("bytes");
  fs::remove_all(site.directory);
  const CachedBinary again = site.get("bytes");
  CHECK(again.file == site.file_of("bytes"));
  CHECK(read_file(again.file) == "bytes");
  CHECK(site.get("bytes").file == again.file);
  CHECK(site.downloads == 2);
}

TEST_CASE("what a dead writer left behind is swept", "[core][cache]") {
  CacheSite site;
  site.get("bytes");
  const std::string left = site.directory + "/.tmp-999999999-1";
  write_file(left, "half");
  fs::last_write_time(left, fs::file_time_type::clock::now() - std::chrono::hours(2));
  BinaryCache(site.directory).insert(Binary::from_bytes("more"));
  CHECK_FALSE(fs::exists(left));
  CHECK(site.files() == 2);
}

// --- in memory ---

TEST_CASE("a cache is opened by the text of PET_CACHE", "[core][cache]") {
  const TemporaryFolder folder;
  CHECK(BinaryCache::open("memory:")->describe() == "memory:");
  CHECK(BinaryCache::open(folder / "x")->describe() == folder / "x");
}
