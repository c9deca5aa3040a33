// One cache used by many threads, and one directory by many processes.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include "core/cache/binary_cache.hpp"
#include "core/cache/single_flight.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/temporary_folder.hpp"
#include "tests/storage/writer_process.hpp"

using namespace pet;
using namespace pet::test;

namespace {

constexpr int kThreads = 40;

// Runs `call(i)` on kThreads threads that start together.
template <class Call>
void together(const Call& call) {
  std::latch start(kThreads);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      call(i);
    });
  }
}

}  // namespace

TEST_CASE("forty threads that ask for one hash download it once", "[core][cache][concurrent]") {
  const TemporaryFolder folder;
  const bool in_memory = GENERATE(false, true);
  const bool share = GENERATE(true, false);
  const std::string bytes = "bytes for " + std::to_string(in_memory) + std::to_string(share);
  const auto open = [&] { return BinaryCache::open(in_memory ? "memory:" : folder / "cache"); };
  const std::shared_ptr<BinaryCache> shared = open();
  std::atomic<int> downloads{0};
  std::atomic<int> right{0};
  together([&](int) {
    const std::shared_ptr<BinaryCache> cache = share ? shared : open();
    const CachedBinary got = cache->get_or_fetch(Hash::of(bytes), {"A", "s", "k"}, [&] {
      ++downloads;
      std::this_thread::yield();
      return bytes;
    });
    right += got.binary.view() == bytes && got.file == shared->find(Hash::of(bytes))->file;
  });
  CHECK(downloads == 1);
  CHECK(right == kThreads);
}

TEST_CASE("a failed download fails for all who waited, and is tried again by the next",
          "[core][cache][concurrent]") {
  const TemporaryFolder folder;
  BinaryCache cache(folder / "cache");
  const Hash hash = Hash::of(std::string_view("bytes"));
  const FetchSubject subject{"A", "s", "k"};
  std::atomic<int> failed{0};
  std::atomic<int> downloads{0};
  together([&](int) {
    try {
      cache.get_or_fetch(hash, subject, [&]() -> std::string {
        ++downloads;
        throw Error(ErrorCode::kStorageUnreachable, "no route", {"A", "", "k"});
      });
    } catch (const Error& error) {
      failed += error.code() == ErrorCode::kStorageUnreachable &&
                error.what() == std::string("no route") && error.key() == "k";
    }
  });
  CHECK(failed == kThreads);
  CHECK(downloads >= 1);
  CHECK(cache.get_or_fetch(hash, subject, [] { return std::string("bytes"); }).binary.view() ==
        "bytes");
}

TEST_CASE("threads that ask for different hashes do not wait for each other",
          "[core][cache][concurrent]") {
  const TemporaryFolder folder;
  BinaryCache cache(folder / "cache");
  std::latch all_downloading(kThreads);
  together([&](int i) {
    const std::string bytes = std::to_string(i);
    cache.get_or_fetch(Hash::of(bytes), {"A", "s", "k"}, [&] {
      all_downloading.arrive_and_wait();  // hangs unless all forty come here at once
      return bytes;
    });
  });
  CHECK(cache.size().files == kThreads);
}

TEST_CASE("after a foreign exception each thread that waited calls for itself",
          "[core][cache][concurrent]") {
  SingleFlight<int> flights;
  std::atomic<int> calls{0};
  std::atomic<int> failed{0};
  together([&](int) {
    try {
      flights.run("key", [&]() -> int {
        ++calls;
        throw 42;
      });
    } catch (int thrown) {
      failed += thrown == 42;
    }
  });
  CHECK(calls == kThreads);
  CHECK(failed == kThreads);
  CHECK(flights.run("key", [] { return 7; }) == 7);
}

TEST_CASE("several that evict at once remove no more than one would", "[core][cache][concurrent]") {
  constexpr std::uint64_t kFiles = 1000, kBytes = 1000, kLimit = 900 * kBytes;
  const TemporaryFolder folder;
  const std::string directory = folder / "cache";
  BinaryCache filled(directory, {.max_bytes = CacheOptions::kNoLimit});
  for (std::uint64_t i = 0; i < kFiles; ++i) {
    std::string bytes = std::to_string(i);
    bytes.resize(kBytes, ' ');
    const std::string file = filled.insert(Binary::from_bytes(std::move(bytes))).file;
    std::filesystem::last_write_time(
        file, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  }
  together([&](int) { BinaryCache(directory).evict(kLimit); });
  CHECK(filled.size().bytes == kLimit);
}

TEST_CASE("processes share a directory, one of them damaging it", "[core][cache][concurrent]") {
  const TemporaryFolder folder;
  const std::string directory = folder / "cache";
  std::vector<Process> processes;
  for (const char* damage : {"0", "0", "1"}) {
    processes.emplace_back(std::string(PET_CACHE_FETCHER) + " " + directory + " 20 " + damage);
  }
  std::ofstream(directory + ".go") << "go";
  for (Process& process : processes) {
    const Ended ended = process.wait();
    CHECK(ended.status == 0);
    CHECK(ended.output == "ok\n");
  }
  CHECK(BinaryCache(directory).size().files == 20);
  CHECK(temporaries_in(directory).empty());
}

TEST_CASE("fifty processes that fetch one hash at once have one file and hardly more downloads",
          "[core][cache][concurrent]") {
  const TemporaryFolder folder;
  const std::string directory = folder / "cache";
  const std::string downloads = folder / "downloads";
  std::filesystem::create_directory(downloads);
  std::vector<Process> processes;
  for (int i = 0; i < 50; ++i) {
    processes.emplace_back(std::string(PET_CACHE_FETCHER) + " " + directory + " one " + downloads);
  }
  std::ofstream(directory + ".go") << "go";
  for (Process& process : processes) {
    const Ended ended = process.wait();
    CHECK(ended.status == 0);
    CHECK(ended.output == "ok\n");
  }
  CHECK(BinaryCache(directory).size().files == 1);
  CHECK(temporaries_in(directory).empty());
  const auto count = std::distance(std::filesystem::directory_iterator(downloads),
                                   std::filesystem::directory_iterator());
  CHECK(count >= 1);
  CHECK(count <= 3);
}

TEST_CASE("a process that dies while it fetches is not waited for", "[core][cache][concurrent]") {
  const TemporaryFolder folder;
  const std::string directory = folder / "cache";
  const std::string downloads = folder / "downloads";
  std::filesystem::create_directory(downloads);
  std::ofstream(directory + ".go") << "go";
  const std::string fetch = std::string(PET_CACHE_FETCHER) + " " + directory + " one " + downloads;
  run(std::string(PET_CACHE_FETCHER) + " " + directory + " die " + downloads);
  CHECK_FALSE(std::filesystem::is_empty(downloads));
  CHECK(run(fetch).output == "ok\n");
}

TEST_CASE("a download that fails is tried by the next process that waited for it",
          "[core][cache][concurrent]") {
  const TemporaryFolder folder;
  const std::string bytes = "bytes";
  const Hash hash = Hash::of(bytes);
  // Two caches over one directory with different sources share no flight: they are as two processes.
  std::latch downloading(1);
  std::atomic<bool> failed{false};
  std::jthread failing([&] {
    BinaryCache cache(folder / "cache");
    try {
      cache.get_or_fetch(hash, {"A", "first", "k"}, [&]() -> std::string {
        downloading.count_down();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        throw Error(ErrorCode::kStorageUnreachable, "no route");
      });
    } catch (const Error&) {
      failed = true;
    }
  });
  downloading.wait();
  BinaryCache cache(folder / "cache");
  CHECK(cache.get_or_fetch(hash, {"A", "second", "k"}, [&] { return bytes; }).binary.view() ==
        bytes);
  failing.join();
  CHECK(failed);
}
