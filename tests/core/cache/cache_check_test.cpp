#include "core/cache/cache_check.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "core/cache/binary_cache.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

std::string statuses(const std::vector<Check>& checks) {
  std::string text;
  for (const Check& check : checks) {
    text += (text.empty() ? "" : " ") + check.name + "=" + std::string(to_string(check.status));
  }
  return text;
}

}  // namespace

TEST_CASE("a cache that works is made, and keeps nothing of the check", "[core][cache]") {
  const TemporaryFolder folder;
  const std::string directory = folder / "not/there/yet";
  std::size_t reported = 0;
  const auto checks =
      check_cache(directory, CacheOptions::kNoLimit, [&](const Check&) { ++reported; });
  CHECK(statuses(checks) == "cache=ok cache_space=ok cache_size=ok");
  CHECK(reported == 3);
  CHECK(checks[0].found == "'" + directory + "' takes binaries");
  CHECK_THAT(checks[1].found, Contains("are free on its disk"));
  CHECK(checks[2].found == "holds 0 files, 0 bytes");
  CHECK(BinaryCache(directory).contents().binaries.files == 0);
}

TEST_CASE("a cache in memory is checked too", "[core][cache]") {
  CHECK(statuses(check_cache("memory:", 1000)) ==
        "cache=ok cache_space=skipped cache_size=skipped");
}

TEST_CASE("a cache that cannot be used says why, once", "[core][cache]") {
  const TemporaryFolder folder;
  const std::string directory = folder / "cache";
  SECTION("others may write to it") {
    fs::create_directory(directory);
    fs::permissions(directory, fs::perms::all);
    CHECK_THAT(check_cache(directory, 1000)[0].found,
               Contains("others may write to") && Contains("chmod go-w"));
  }
  SECTION("it is no directory") {
    std::ofstream(directory) << "a file";
    CHECK_THAT(check_cache(directory, 1000)[0].found, Contains("is not a directory"));
  }
  const auto checks = check_cache(directory, 1000);
  CHECK(statuses(checks) == "cache=failed cache_space=skipped cache_size=skipped");
  CHECK(checks[0].code == ErrorCode::kStorageRefused);
  CHECK(checks[2].found == "the cache cannot be used");
}

TEST_CASE("damaged files that were kept are pointed out", "[core][cache]") {
  const TemporaryFolder folder;
  const std::string directory = folder / "cache";
  BinaryCache cache(directory);
  const CachedBinary kept = cache.insert(Binary::from_bytes("some bytes"));
  std::ofstream(kept.file) << "others";
  CHECK_FALSE(cache.find(kept.binary.hash()));
  cache.insert(kept.binary);
  const Check check = check_cache(directory, 4096)[2];
  CHECK(check.status == CheckStatus::kWarning);
  CHECK(check.found ==
        "holds 1 file, 10 bytes of at most 4.0 KB; damaged files in quarantine: 1");
  CHECK_THAT(check.next_step, Contains("petctl cache clear --quarantine"));
}

}  // namespace pet::test
