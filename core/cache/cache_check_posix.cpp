#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/cache/binary_cache.hpp"
#include "core/cache/cache_check.hpp"
#include "storage/key.hpp"
#include "storage/posix_file.hpp"

namespace pet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMemory = "memory:";
constexpr std::uint64_t kLittle = std::uint64_t{1} << 30;  // free bytes

std::string size_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"bytes", "KB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  std::uint64_t tenths = 10 * bytes;
  for (; tenths >= 10'000 && unit + 1 < kUnits.size(); ++unit) tenths /= 1000;
  const std::string decimal = unit == 0 ? "" : "." + std::to_string(tenths % 10);
  return std::to_string(tenths / 10) + decimal + " " + kUnits[unit];
}

// What dlopen does with a file, which security modules and mount options may forbid: 0, or the errno.
int map_as_code(const std::string& file) {
  const posix::FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened) return errno;
  void* const page = ::mmap(nullptr, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, opened.get(), 0);
  if (page == MAP_FAILED) return errno;
  ::munmap(page, 1);
  return 0;
}

Check check_use(BinaryCache& cache, bool in_memory) {
  // Its own, so that two who check do not remove each other's.
  const Binary probe = Binary::from_bytes("a probe of " + posix::unique_name(), "a probe");
  const std::string file = cache.insert(probe).file;
  const int error = map_as_code(file);
  std::error_code ignored;
  if (!in_memory) fs::remove(file, ignored);
  if (error == 0) {
    return Check::ok(in_memory ? kMemory : pet::quoted(cache.describe()) + " takes binaries");
  }
  throw Error(
      ErrorCode::kStorageRefused,
      "a binary in the cache " + pet::quoted(cache.describe()) +
          " cannot be mapped as code: " + std::generic_category().message(error) +
          "\n  try: does a security module (SELinux, AppArmor) forbid it? another directory "
          "with PET_CACHE, or PET_CACHE=memory:",
      {.class_name = {}, .hash = {}, .key = file});
}

Check check_space(const std::string& directory, std::uint64_t bytes, std::uint64_t max_bytes) {
  std::error_code failure;
  const fs::space_info space = fs::space(directory, failure);
  if (failure) return Check::skipped("the disk does not say what is free: " + failure.message());
  Check check = Check::ok(size_text(space.available) + " are free on its disk");
  const std::uint64_t to_come = max_bytes > bytes ? max_bytes - bytes : 0;
  if (space.available < std::min(to_come, kLittle)) {
    check.status = CheckStatus::kWarning;
    check.next_step = "free space there; or a smaller PET_CACHE_MAX_SIZE, or another PET_CACHE";
  }
  return check;
}

Check check_size(const CacheContents& contents, std::uint64_t max_bytes) {
  const CacheSize& kept = contents.binaries;
  Check check = Check::ok("holds " + std::to_string(kept.files) +
                          (kept.files == 1 ? " file, " : " files, ") + size_text(kept.bytes));
  if (max_bytes != CacheOptions::kNoLimit) check.found += " of at most " + size_text(max_bytes);
  if (contents.quarantine.files > 0) {
    check.status = CheckStatus::kWarning;
    check.found += "; damaged files in quarantine: " + std::to_string(contents.quarantine.files);
    check.next_step =
        "find out what damages them (the disk?), then petctl cache clear --quarantine";
  }
  return check;
}

}  // namespace

std::vector<Check> check_cache(const std::string& directory, std::uint64_t max_bytes,
                               const CheckReport& report) {
  const bool in_memory = directory == kMemory;
  const auto cache = BinaryCache::open(directory);
  Checklist checks(report);
  std::string obstacle;
  if (!checks.run("cache", "", [&] { return check_use(*cache, in_memory); })) {
    obstacle = "the cache cannot be used";
  } else if (in_memory) {
    obstacle = "it is in memory";
  }
  checks.run("cache_space", obstacle,
             [&] { return check_space(cache->describe(), cache->size().bytes, max_bytes); });
  checks.run("cache_size", obstacle, [&] { return check_size(cache->contents(), max_bytes); });
  return checks.take();
}

}  // namespace pet
