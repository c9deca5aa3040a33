// Fetches one large object with little memory:
//
//   large_fetcher URL KEY SHA256 CACHE     into the cache, and finds it there again
//
// It may have 64 MiB of memory of its own (RLIMIT_DATA: heap, stacks, private writable mappings); with
// AddressSanitizer, which needs more for itself, as much as there is.
#include <sys/resource.h>

#include <cstdio>
#include <exception>

#include "core/cache/binary_cache.hpp"
#include "storage/error.hpp"
#include "storage/open_storage.hpp"

int main(int argc, char** argv) try {
  if (argc != 5) return std::puts("usage: large_fetcher URL KEY SHA256 CACHE"), 2;
#if !defined(__SANITIZE_ADDRESS__)
  constexpr rlim_t kMost = rlim_t{64} << 20;
  const rlimit limit{kMost, kMost};
  if (::setrlimit(RLIMIT_DATA, &limit) != 0) return std::perror("setrlimit"), 1;
#endif

  const auto storage = pet::open_storage(argv[1]);
  const pet::Hash hash = pet::Hash::require(argv[3]);
  pet::BinaryCache cache{std::filesystem::path(argv[4])};
  const pet::CachedBinary got =
      cache.get_or_fetch(hash, {"Large", storage->describe(), argv[2]}, [&](pet::ByteSink& sink) {
        if (!storage->read(argv[2], sink)) throw pet::Error(pet::ErrorCode::kUsage, "absent");
      });
  if (pet::Hash::of(got.binary.view()) != hash) return std::puts("wrong bytes"), 1;
  if (!cache.find(hash)) return std::puts("not found again"), 1;
  return std::puts("fetched and found"), 0;
} catch (const std::exception& error) {
  std::printf("%s\n", error.what());
  return 1;
}
