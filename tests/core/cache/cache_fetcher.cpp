// A second process for the races of the cache's tests.
//
//   cache_fetcher DIRECTORY ROUNDS DAMAGE      waits for DIRECTORY.go, then fetches the same 20
//                                              binaries ROUNDS times; with DAMAGE 1 it now and then
//                                              spoils a file before
//   cache_fetcher DIRECTORY one DOWNLOADS      waits too, then fetches one binary, slowly, and
//                                              leaves a file in the folder DOWNLOADS if it had to
//                                              download it
//
//   cache_fetcher DIRECTORY die DOWNLOADS      the same, but is killed during the download
//
// Prints "ok", or what went wrong.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include "core/cache/binary_cache.hpp"
#include "storage/error.hpp"
#include "storage/posix_file.hpp"

namespace {

std::string bytes_of(int i) { return std::string(20000 + static_cast<std::size_t>(i), 'a') + "!"; }

int run(const std::string& directory, int rounds, bool damages) {
  pet::BinaryCache cache(directory);
  std::minstd_rand random(std::random_device{}());
  for (int round = 0; round < rounds * 20; ++round) {
    const std::string bytes = bytes_of(round % 20);
    const pet::Hash hash = pet::Hash::of(bytes);
    if (damages && random() % 10 == 0) {
      // As a disk would: in place.
      const std::string file = directory + "/" + hash.hex() + ".so";
      std::fstream(file, std::ios::in | std::ios::out | std::ios::binary) << "damage";
    }
    const pet::CachedBinary got = cache.get_or_fetch(hash, {"A", "s", "k"}, [&] { return bytes; });
    if (got.binary.view() != bytes) {
      std::printf("wrong bytes\n");
      return 1;
    }
  }
  std::printf("ok\n");
  return 0;
}

int fetch_one(const std::string& directory, const std::string& downloads, bool dies) {
  pet::BinaryCache cache(directory);
  const std::string bytes = bytes_of(1);
  const pet::CachedBinary got = cache.get_or_fetch(pet::Hash::of(bytes), {"A", "s", "k"}, [&] {
    std::ofstream(downloads + "/" + pet::posix::unique_name()) << "downloaded";
    if (dies) std::raise(SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return bytes;
  });
  std::printf(got.binary.view() == bytes ? "ok\n" : "wrong bytes\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  while (!std::filesystem::exists(std::string(argv[1]) + ".go")) std::this_thread::yield();
  try {
    if (argv[2] == std::string("one")) return fetch_one(argv[1], argv[3], false);
    if (argv[2] == std::string("die")) return fetch_one(argv[1], argv[3], true);
    return run(argv[1], std::atoi(argv[2]), argv[3] == std::string("1"));
  } catch (const pet::Error& error) {
    std::printf("%s\n", error.what());
    return 3;
  }
}
