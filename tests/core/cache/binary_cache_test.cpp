// What a cache gives back, and what it does with damage.
#include "core/cache/binary_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/storage/error_matcher.hpp"
#include "tests/storage/temporary_folder.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

const FetchSubject kSubject{"MyFilter", "memory:", "plugins/MyFilter/x.so"};

// A cache in a folder of its own, with what it reported and how often it asked for a download.
struct Bench {
  TemporaryFolder folder;
  std::string directory = folder / "cache";
  std::vector<Event> events;
  CacheOptions options{.observer = [this](const Event& event) { events.push_back(event); }};
  BinaryCache cache{directory, options};
  int downloads = 0;

  CachedBinary get(const std::string& bytes) {
    return cache.get_or_fetch(Hash::of(bytes), kSubject, [&] {
      ++downloads;
      return bytes;
    });
  }
  std::string file_of(const std::string& bytes) const {
    return directory + "/" + Hash::of(bytes).hex() + ".so";
  }
  std::size_t files() const {
    const auto is_kept = [](const fs::directory_entry& entry) {
      return entry.path().filename() != ".fetching" && entry.path().filename() != "CACHEDIR.TAG";
    };
    return static_cast<std::size_t>(
        std::count_if(fs::directory_iterator(directory), fs::directory_iterator(), is_kept));
  }
  void age(const std::string& bytes, int hours) const {
    fs::last_write_time(file_of(bytes),
                        fs::file_time_type::clock::now() - std::chrono::hours(hours));
  }
  bool has(const std::string& bytes) const { return fs::exists(file_of(bytes)); }
};

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

}  // namespace

TEST_CASE("nothing is created before the first use", "[core][cache]") {
  Bench bench;
  CHECK_FALSE(fs::exists(bench.directory));
  CHECK(bench.cache.describe() == bench.directory);
  CHECK_FALSE(bench.cache.find(Hash::of(std::string_view("x"))));
  CHECK((fs::status(bench.directory).permissions() & fs::perms::mask) == fs::perms::owner_all);
}

TEST_CASE("a binary is downloaded once, and then comes from the cache under one path",
          "[core][cache]") {
  Bench bench;
  const CachedBinary first = bench.get("bytes");
  CHECK(first.binary.view() == "bytes");
  CHECK(first.file == bench.file_of("bytes"));
  CHECK(read_file(first.file) == "bytes");
  CHECK(bench.downloads == 1);
  CHECK(bench.events.empty());

  const CachedBinary second = bench.get("bytes");
  CHECK(second.binary.view() == "bytes");
  CHECK(second.file == first.file);
  CHECK(bench.downloads == 1);
  REQUIRE(bench.events.size() == 1);
  CHECK(bench.events[0].kind == EventKind::kCacheHit);
  CHECK(bench.events[0].class_name == "MyFilter");
  CHECK(bench.events[0].source == "cache");

  BinaryCache other(bench.directory);
  CHECK(other.find(Hash::of(std::string_view("bytes")))->file == first.file);
  CHECK(bench.files() == 1);
}

TEST_CASE("a file that is inserted is there for others, and only for its owner to write",
          "[core][cache]") {
  Bench bench;
  const Binary binary = Binary::from_bytes("bytes");
  CHECK(bench.cache.insert(binary).file == bench.file_of("bytes"));
  CHECK(bench.cache.insert(binary).file == bench.file_of("bytes"));
  CHECK((fs::status(bench.file_of("bytes")).permissions() &
         (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none);
  CHECK(bench.cache.find(binary.hash())->binary.view() == "bytes");
}

TEST_CASE("a damaged file is quarantined, reported and fetched again", "[core][cache]") {
  Bench bench;
  bench.get("the right bytes");
  const Hash hash = Hash::of(std::string_view("the right bytes"));
  const std::string damage =
      GENERATE(as<std::string>{}, "", "the", "the right byteX", "the right bytes and more");
  CHECK_FALSE(bench.cache.quarantined(hash));
  write_file(bench.file_of("the right bytes"), damage);

  const bool by_find = GENERATE(true, false);
  if (by_find) CHECK_FALSE(bench.cache.find(hash));
  const CachedBinary again = bench.get("the right bytes");
  CHECK(again.binary.view() == "the right bytes");
  CHECK(read_file(again.file) == "the right bytes");
  CHECK(bench.downloads == 2);
  CHECK(bench.cache.quarantined(hash));
  REQUIRE(bench.events.size() == 1);
  CHECK(bench.events[0].kind == EventKind::kQuarantine);
  CHECK(bench.events[0].hash == hash.hex());
  CHECK_THAT(bench.events[0].message,
             Contains(again.file) && Contains(" bytes of sha256 ") &&
                 Contains("moved to " + bench.directory + "/quarantine/" + hash.hex() + "-"));
}

TEST_CASE("every damage is kept, however often a file is damaged", "[core][cache]") {
  Bench bench;
  for (int i = 0; i < 3; ++i) {
    bench.get("bytes");
    write_file(bench.file_of("bytes"), "damage " + std::to_string(i));
  }
  bench.get("bytes");
  CHECK(std::distance(fs::directory_iterator(bench.directory + "/quarantine"),
                      fs::directory_iterator()) == 3);
}

TEST_CASE("what is no file of ours is not followed, not opened, and taken away", "[core][cache]") {
  Bench bench;
  bench.get("bytes");
  const std::string file = bench.file_of("bytes");
  const std::string outside = bench.folder / "outside";
  write_file(outside, "bytes");  // even the right bytes: whoever owns the link can change them
  fs::remove(file);
  std::string says;
  SECTION("a symbolic link") {
    fs::create_symlink(outside, file);
    says = "cannot be opened: Too many levels of symbolic links";
  }
  SECTION("a link to nowhere") {
    fs::create_symlink(bench.folder / "nowhere", file);
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
  const CachedBinary again = bench.get("bytes");
  CHECK(fs::symlink_status(again.file).type() == fs::file_type::regular);
  CHECK(bench.downloads == 2);
  REQUIRE(bench.events.size() == 1);
  CHECK_THAT(bench.events[0].message, Contains(says));
  CHECK(read_file(outside) == "bytes");
}

TEST_CASE("a download of other bytes is corrupt and kept nowhere", "[core][cache]") {
  Bench bench;
  const Hash hash = Hash::of(std::string_view("right"));
  CHECK_THROWS_MATCHES(
      bench.cache.get_or_fetch(hash, kSubject, [] { return std::string("wrong"); }), Error,
      fails(ErrorCode::kCorrupt,
            {"MyFilter " + hash.short_hex() + " in memory: is damaged",
             "expected sha256 " + hash.hex() + ", got " + Hash::of(std::string_view("wrong")).hex(),
             "plugins/MyFilter/x.so", "restore that object from a copy, or remove it and push"}));
  CHECK(bench.files() == 0);
  CHECK(bench.events.empty());  // who asked reports it
  // It is no obstacle for the right ones.
  CHECK(bench.get("right").binary.view() == "right");
}

TEST_CASE("what the download throws is passed on", "[core][cache]") {
  Bench bench;
  const auto get = [&] {
    return bench.cache.get_or_fetch(Hash::of(std::string_view("x")), kSubject, []() -> std::string {
      throw Error(ErrorCode::kVersionNotFound, "there is none", {"A", "h", "k"});
    });
  };
  CHECK_THROWS_MATCHES(get(), Error, fails(ErrorCode::kVersionNotFound, {"there is none"}));
}

TEST_CASE("a cache says how much it holds, and forgets it when told", "[core][cache]") {
  Bench bench;
  CHECK(bench.cache.size().files == 0);
  bench.get("12345");
  bench.get("123");
  write_file(bench.directory + "/README", "not counted");
  CHECK(bench.cache.size().files == 2);
  CHECK(bench.cache.size().bytes == 8);

  write_file(bench.file_of("123"), "damaged");
  bench.get("123");
  const CacheContents before = bench.cache.contents();
  CHECK(before.binaries.files == 2);
  CHECK(before.quarantine.files == 1);
  CHECK(before.quarantine.bytes == 7);
  const CacheContents removed = bench.cache.clear();
  CHECK(removed.binaries.files == 2);
  CHECK(removed.binaries.bytes == 8);
  CHECK(removed.quarantine.files == 1);
  CHECK(removed.quarantine.bytes == 7);
  CHECK(bench.cache.size().files == 0);
  CHECK_FALSE(bench.cache.quarantined(Hash::of(std::string_view("123"))));
  CHECK(bench.get("123").binary.view() == "123");
}

TEST_CASE("eviction removes what was used least recently, and nothing that is in use",
          "[core][cache]") {
  Bench bench;
  for (const char* bytes : {"oldest", "old___", "hit___", "fresh_"}) bench.get(bytes);
  bench.age("oldest", 9);
  bench.age("old___", 5);
  bench.age("hit___", 8);
  bench.get("hit___");  // used now

  CHECK(bench.cache.evict(24) == 0);
  CHECK(bench.cache.evict(23) == 6);
  CHECK_FALSE(bench.has("oldest"));
  CHECK(bench.cache.evict(0) == 6);
  CHECK_FALSE(bench.has("old___"));
  CHECK(bench.has("hit___"));
  CHECK(bench.has("fresh_"));
  // A vanished file is fetched again.
  CHECK(bench.get("oldest").binary.view() == "oldest");
}

TEST_CASE("a file whose time is to come is the first to go, unless it is used", "[core][cache]") {
  Bench bench;
  for (const char* bytes : {"future", "old___", "ahead_", "hit___"}) bench.get(bytes);
  bench.age("future", -1000);
  bench.age("hit___", -1000);
  bench.age("old___", 5);
  fs::last_write_time(bench.file_of("ahead_"),
                      fs::file_time_type::clock::now() + std::chrono::seconds(20));
  bench.get("hit___");  // used now

  CHECK(bench.cache.evict(23) == 6);
  CHECK_FALSE(bench.has("future"));
  CHECK(bench.cache.evict(0) == 6);
  CHECK_FALSE(bench.has("old___"));
  CHECK(bench.has("ahead_"));  // another machine's clock may be that much ahead
  CHECK(bench.has("hit___"));
}

TEST_CASE("the quarantine can be cleared alone", "[core][cache]") {
  Bench bench;
  CHECK(bench.cache.clear_quarantine().files == 0);
  bench.get("good");
  bench.get("bad");
  write_file(bench.file_of("bad"), "damaged");
  bench.get("bad");
  CHECK(bench.cache.clear_quarantine().files == 1);
  CHECK(bench.cache.contents().quarantine.files == 0);
  CHECK(bench.cache.size().files == 2);
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
  Bench bench;
  for (const char* bytes : {"one", "two", "bad"}) bench.get(bytes);
  write_file(bench.file_of("bad"), "damaged");
  bench.get("bad");
  const std::string keep = bench.directory + "/quarantine/keep";
  write_file(keep, "somebody else's");
  fs::create_directory(bench.directory + "/" + std::string(64, '0') + ".so");
  fs::create_directories(bench.directory + "/" + std::string(64, '1') + ".so/full");
  const CacheContents removed = bench.cache.clear();
  CHECK(removed.binaries.files == 4);  // the empty folder too
  CHECK(removed.quarantine.files == 1);
  CHECK_FALSE(bench.has("one"));
  CHECK_FALSE(bench.has("two"));
  CHECK(fs::exists(bench.directory + "/" + std::string(64, '1') + ".so/full"));
  CHECK(read_file(keep) == "somebody else's");
}

TEST_CASE("the quarantine keeps the newest damaged files, and not too many bytes",
          "[core][cache]") {
  Bench bench;
  for (int i = 0; i < 40; ++i) {
    const std::string bytes = "bytes " + std::to_string(i);
    bench.get(bytes);
    write_file(bench.file_of(bytes), "damage");
    bench.cache.find(Hash::of(bytes));
    REQUIRE(bench.cache.quarantined(Hash::of(bytes)));
    REQUIRE(bench.cache.contents().quarantine.files <= 16);
  }
  CHECK(bench.cache.contents().quarantine.files == 16);
  CHECK_FALSE(bench.cache.quarantined(Hash::of(std::string_view("bytes 0"))));

  // A large one takes the place of all others, and stays itself.
  bench.get("large");
  fs::resize_file(bench.file_of("large"), std::uintmax_t{300} << 20);
  bench.cache.find(Hash::of(std::string_view("large")));
  CHECK(bench.cache.contents().quarantine.files == 1);
  CHECK(bench.cache.quarantined(Hash::of(std::string_view("large"))));
}

TEST_CASE("an insert that takes the cache beyond its limit evicts the least recently used",
          "[core][cache]") {
  Bench bench;
  BinaryCache cache(bench.directory, {.max_bytes = 100});
  const auto insert = [&](char name, std::size_t size) {
    const std::string bytes(size, name);
    cache.insert(Binary::from_bytes(bytes));
    return bytes;
  };
  const std::string a = insert('a', 30), b = insert('b', 30), c = insert('c', 30);
  bench.age(a, 3);
  bench.age(b, 5);
  insert('d', 10);  // exactly the limit
  CHECK(cache.size().bytes == 100);
  insert('e', 1);  // the oldest goes, until at most 90 are left
  CHECK_FALSE(bench.has(b));
  CHECK(bench.has(a));
  CHECK(cache.size().bytes == 71);
  insert('f', 30);
  CHECK_FALSE(bench.has(a));
  CHECK(bench.has(c));
}

TEST_CASE("what was used within the last minute stays, whatever the limit", "[core][cache]") {
  Bench bench;
  BinaryCache cache(bench.directory, {.max_bytes = 10});
  for (const char* bytes : {"first bytes", "second bytes", "third bytes"}) {
    CHECK(cache
              .get_or_fetch(Hash::of(std::string_view(bytes)), kSubject,
                            [&] { return std::string(bytes); })
              .binary.view() == bytes);
  }
  CHECK(cache.size().files == 3);
  bench.age("second bytes", 1);
  cache.insert(Binary::from_bytes("fourth"));
  CHECK_FALSE(bench.has("second bytes"));
  CHECK(cache.size().files == 3);
}

TEST_CASE("what others insert counts too, and without a limit everything stays", "[core][cache]") {
  Bench bench;
  BinaryCache limited(bench.directory, {.max_bytes = 1000});
  BinaryCache other(bench.directory, {.max_bytes = CacheOptions::kNoLimit});
  limited.insert(Binary::from_bytes("small"));
  for (char name = 'a'; name < 'k'; ++name) {
    const std::string bytes(300, name);
    other.insert(Binary::from_bytes(bytes));
    bench.age(bytes, 1);
  }
  CHECK(limited.size().files == 11);
  // What it found room for before it looks again is a quarter of what was free.
  limited.insert(Binary::from_bytes(std::string(300, 'z')));
  CHECK(limited.size().bytes <= 1000);
}

TEST_CASE("a directory that vanishes is made again", "[core][cache]") {
  Bench bench;
  bench.get("bytes");
  fs::remove_all(bench.directory);
  const CachedBinary again = bench.get("bytes");
  CHECK(again.file == bench.file_of("bytes"));
  CHECK(read_file(again.file) == "bytes");
  CHECK(bench.get("bytes").file == again.file);
  CHECK(bench.downloads == 2);
}

TEST_CASE("what a dead writer left behind is swept", "[core][cache]") {
  Bench bench;
  bench.get("bytes");
  const std::string left = bench.directory + "/.tmp-999999999-1";
  write_file(left, "half");
  fs::last_write_time(left, fs::file_time_type::clock::now() - std::chrono::hours(2));
  BinaryCache(bench.directory).insert(Binary::from_bytes("more"));
  CHECK_FALSE(fs::exists(left));
  CHECK(bench.files() == 2);
}

// --- in memory ---

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

TEST_CASE("a cache is opened by the text of PET_CACHE", "[core][cache]") {
  const TemporaryFolder folder;
  CHECK(BinaryCache::open("memory:")->describe() == "memory:");
  CHECK(BinaryCache::open(folder / "x")->describe() == folder / "x");
}
