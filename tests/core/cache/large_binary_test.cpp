// Binaries that are not held in memory: streamed into the cache's file, and mapped from there.
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/cache/binary_cache.hpp"
#include "storage/error.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/http/scripted_server.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {
namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20;
const FetchSubject kSubject{"Large", "memory:", "plugins/Large/object.so"};

std::string varied(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 8));
  return bytes;
}

// In pieces, as a network gives them.
void give(ByteSink& sink, std::string_view bytes) {
  constexpr std::size_t kPiece = 100'000;
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) sink.write(bytes.substr(at, kPiece));
}

std::size_t files_in(const std::string& directory) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    count += name != "CACHEDIR.TAG" && name != ".fetching" ? 1U : 0U;
  }
  return count;
}

// What a program prints and ends with.
std::string output_of(const std::string& command) {
  std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char bytes[4096];
  while (const std::size_t got = std::fread(bytes, 1, sizeof bytes, pipe)) text.append(bytes, got);
  CHECK(::pclose(pipe) == 0);
  return text;
}

}  // namespace

TEST_CASE("a binary of any size is fetched, and found again", "[core][cache]") {
  const TemporaryFolder folder;
  for (const bool in_memory : {false, true}) {
    for (const std::size_t size : {4 * kMebibyte, 4 * kMebibyte + 1, 9 * kMebibyte}) {
      for (const bool is_announced : {false, true}) {
        CAPTURE(in_memory, size, is_announced);
        const std::string bytes = varied(size) + (is_announced ? "a" : "b");
        const Hash hash = Hash::of(bytes);
        const auto cache =
            in_memory ? BinaryCache::in_memory() : BinaryCache::open(folder / "cache");
        const CachedBinary got = cache->get_or_fetch(hash, kSubject, [&](ByteSink& sink) {
          sink.begin(is_announced ? std::optional<std::uint64_t>(bytes.size()) : std::nullopt);
          give(sink, bytes);
        });
        CHECK((got.binary.view() == bytes));
        CHECK((read_file(got.file) == bytes));
        const std::optional<CachedBinary> found = cache->find(hash);
        REQUIRE(found);
        CHECK((found->binary.view() == bytes));
        CHECK(found->file == got.file);
      }
    }
  }
  CHECK(files_in(folder / "cache") == 6);
}

TEST_CASE("a download may put its bytes into the cache's place for them", "[core][cache]") {
  const TemporaryFolder folder;
  BinaryCache cache(folder / "cache");
  const std::string bytes = varied(GENERATE(std::size_t{300'000}, 6 * kMebibyte));
  const std::size_t announced = GENERATE(0U, 100'000U, 300'000U, 400'000U);
  CAPTURE(bytes.size(), announced);
  std::size_t put = 0;
  const CachedBinary got = cache.get_or_fetch(Hash::of(bytes), kSubject, [&](ByteSink& sink) {
    sink.begin(announced == 0 ? std::nullopt : std::optional<std::uint64_t>(announced));
    const std::size_t most = bytes.size() / 40;
    for (std::size_t at = 0; at < bytes.size();) {
      std::string_view next = std::string_view(bytes).substr(at, most);
      // Every other time the place is not used.
      if (const std::span<char> room = sink.room(next.size()); !room.empty() && put <= at / 2) {
        next = {room.data(), next.copy(room.data(), room.size())};
        put += next.size();
      }
      sink.write(next);
      at += next.size();
    }
  });
  CHECK((got.binary.view() == bytes));
  CHECK((read_file(got.file) == bytes));
  CHECK(put > bytes.size() / 10);
}

TEST_CASE("what came before a download began again is forgotten", "[core][cache]") {
  const TemporaryFolder folder;
  BinaryCache cache(folder / "cache");
  const std::string bytes = GENERATE(varied(6 * kMebibyte), std::string("small"));
  const CachedBinary got = cache.get_or_fetch(Hash::of(bytes), kSubject, [&](ByteSink& sink) {
    for (const std::size_t before : {kMebibyte, 5 * kMebibyte}) {
      sink.begin(std::nullopt);
      give(sink, std::string(before, 'x'));
    }
    sink.begin(bytes.size());
    give(sink, bytes);
  });
  CHECK((got.binary.view() == bytes));
  CHECK((read_file(got.file) == bytes));
  CHECK(files_in(folder / "cache") == 1);
}

TEST_CASE("of a large download that is wrong or breaks off nothing stays", "[core][cache]") {
  const TemporaryFolder folder;
  BinaryCache cache(folder / "cache");
  const Hash hash = Hash::of(std::string_view("right"));
  const std::string wrong = varied(6 * kMebibyte);
  const auto fetch = [&](bool breaks_off) {
    cache.get_or_fetch(hash, kSubject, [&](ByteSink& sink) {
      sink.begin(wrong.size());
      give(sink, wrong);
      if (breaks_off) throw Error(ErrorCode::kStorageUnreachable, "no route");
    });
  };
  CHECK_THROWS_MATCHES(
      fetch(false), Error,
      fails(ErrorCode::kCorrupt, {"expected sha256 " + hash.hex(), Hash::of(wrong).hex(),
                                  std::to_string(wrong.size()) + " bytes", kSubject.key}));
  CHECK_THROWS_MATCHES(fetch(true), Error, fails(ErrorCode::kStorageUnreachable, {"no route"}));
  CHECK(files_in(folder / "cache") == 0);
  CHECK_FALSE(cache.find(hash));
}

TEST_CASE("a cache that is removed during a large download is made again", "[core][cache]") {
  const TemporaryFolder folder;
  BinaryCache cache(folder / "cache");
  const std::string bytes = varied(6 * kMebibyte);
  const CachedBinary got = cache.get_or_fetch(Hash::of(bytes), kSubject, [&](ByteSink& sink) {
    sink.begin(bytes.size());
    give(sink, bytes);
    std::filesystem::remove_all(folder / "cache");
  });
  CHECK((got.binary.view() == bytes));
  CHECK((read_file(got.file) == bytes));
}

TEST_CASE("a large state is read whether the cache takes it or not", "[core][cache]") {
  const std::string bytes = varied(6 * kMebibyte);
  const auto download = [&](ByteSink& sink) {
    sink.begin(bytes.size());
    give(sink, bytes);
  };
  const TemporaryFolder folder;
  BinaryCache cache(folder / "cache");
  CHECK((cache.read_or_fetch(Hash::of(bytes), kSubject, download).view() == bytes));
  CHECK(cache.find(Hash::of(bytes)));
  const auto memory = BinaryCache::in_memory();
  CHECK((memory->read_or_fetch(Hash::of(bytes), kSubject, download).view() == bytes));
}

TEST_CASE("half a gigabyte is fetched with 64 MiB of memory", "[core][cache]") {
  constexpr std::size_t kPieces = 512;
  const TemporaryFolder folder;
  const std::string piece = varied(kMebibyte);
  Hasher hasher;
  for (std::size_t i = 0; i < kPieces; ++i) hasher.update(piece);
  const std::string command = std::string(PET_LARGE_FETCHER) + " ";
  const std::string arguments =
      " plugins/Large/object.so " + hasher.finish().hex() + " " + folder / "cache";
  SECTION("from a web server") {
    ScriptedServer server([&](ScriptedServer::Client& client) {
      if (client.request().empty()) return;
      client.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kPieces * kMebibyte) +
                  "\r\n\r\n");
      for (std::size_t i = 0; i < kPieces && client.send(piece); ++i) {
      }
    });
    CHECK(output_of(command + server.url() + arguments) == "fetched and found\n");
  }
  SECTION("from a directory") {
    std::filesystem::create_directories(folder / "storage/plugins/Large");
    std::ofstream file(folder / "storage/plugins/Large/object.so", std::ios::binary);
    for (std::size_t i = 0; i < kPieces; ++i) file << piece;
    file.close();
    CHECK(output_of(command + folder / "storage" + arguments) == "fetched and found\n");
  }
}

}  // namespace pet::test
