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

// What dlopen does with a file, which security modules and mount options may forbid.
void require_mappable(const std::string& file) {
  const posix::FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  void* const page =
      opened ? ::mmap(nullptr, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, opened.get(), 0) : MAP_FAILED;
  if (page == MAP_FAILED) {
    throw Error(ErrorCode::kStorageRefused,
                "a binary in the cache cannot be mapped as code: " +
                    std::generic_category().message(errno) +
                    "\n  try: another directory with PET_CACHE, or PET_CACHE=memory:; does a "
                    "security module (SELinux, AppArmor) forbid it?",
                {.class_name = {}, .hash = {}, .key = file});
  }
  ::munmap(page, 1);
}

Check check_use(BinaryCache& cache, bool in_memory) {
  // Its own, so that two who check do not remove each other's.
  const Binary probe = Binary::from_bytes("a probe of " + posix::unique_name(), "a probe");
  const std::string file = cache.insert(probe).file;
  std::error_code ignored;
  try {
    require_mappable(file);
  } catch (const Error&) {
    if (!in_memory) fs::remove(file, ignored);
    throw;
  }
  if (!in_memory) fs::remove(file, ignored);  // one that vanished is fetched again
  return {.name = {},
          .status = CheckStatus::kOk,
          .found =
              in_memory ? std::string(kMemory) : pet::quoted(cache.describe()) + " takes binaries"};
}

Check check_space(const std::string& directory, std::uint64_t bytes, std::uint64_t max_bytes) {
  std::error_code failure;
  const fs::space_info space = fs::space(directory, failure);
  if (failure) {
    return {.name = {},
            .status = CheckStatus::kSkipped,
            .found = "the disk does not say what is free: " + failure.message()};
  }
  Check check{.name = {},
              .status = CheckStatus::kOk,
              .found = size_text(space.available) + " are free on its disk"};
  const std::uint64_t to_come = max_bytes > bytes ? max_bytes - bytes : 0;
  if (space.available < std::min(to_come, kLittle)) {
    check.status = CheckStatus::kWarning;
    check.next_step = "free space there; or a smaller PET_CACHE_MAX_SIZE, or another PET_CACHE";
  }
  return check;
}

Check check_size(const CacheContents& contents, std::uint64_t max_bytes) {
  const CacheSize& kept = contents.binaries;
  Check check{.name = {},
              .status = CheckStatus::kOk,
              .found = "holds " + std::to_string(kept.files) +
                       (kept.files == 1 ? " file, " : " files, ") + size_text(kept.bytes)};
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
  std::string obstacle;
  std::vector<Check> checks;
  const auto step = [&](const char* name, const auto& examine) {
    Check check{.name = name, .status = CheckStatus::kSkipped, .found = obstacle};
    try {
      if (obstacle.empty()) check = examine();
      check.name = name;
    } catch (const Error& error) {
      check = failed_check(name, error);
    }
    if (report) report(check);
    checks.push_back(std::move(check));
    return checks.back().status != CheckStatus::kFailed;
  };
  if (!step("cache", [&] { return check_use(*cache, in_memory); })) {
    obstacle = "the cache cannot be used";
  } else if (in_memory) {
    obstacle = "it is in memory";
  }
  step("cache_space",
       [&] { return check_space(cache->describe(), cache->size().bytes, max_bytes); });
  step("cache_size", [&] { return check_size(cache->contents(), max_bytes); });
  return checks;
}

}  // namespace pet
