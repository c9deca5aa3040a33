// A cache whose directory is renamed, replaced or changed while the process runs.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "core/cache/binary_cache.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/temporary_folder.hpp"

using namespace pet;
using namespace pet::test;
namespace fs = std::filesystem;

namespace {

const Binary& some_binary() {
  static const Binary binary = Binary::from_bytes("some bytes");
  return binary;
}

void set_mode(const std::string& path, unsigned mode) {
  fs::permissions(path, static_cast<fs::perms>(mode));
}

// A cache with a file, and the path that it gave for it.
struct Filled {
  TemporaryFolder folder;
  std::string directory = folder / "cache";
  BinaryCache cache{directory};
  std::string file = cache.insert(some_binary()).file;
  int downloads = 0;

  CachedBinary get() {
    return cache.get_or_fetch(some_binary().hash(), {}, [this] {
      ++downloads;
      return std::string(some_binary().view());
    });
  }
};

}  // namespace

TEST_CASE("a directory that is renamed under its cache is made again", "[core][cache]") {
  Filled filled;
  fs::rename(filled.directory, filled.folder / "elsewhere");
  // What was found in the renamed one would have a path where nothing is.
  const CachedBinary again = filled.get();
  CHECK(again.file == filled.file);
  CHECK(read_file(again.file) == some_binary().view());
  CHECK(filled.downloads == 1);
  CHECK(filled.get().file == again.file);
  CHECK(filled.downloads == 1);
}

TEST_CASE("a directory that is replaced under its cache is what counts now", "[core][cache]") {
  Filled filled;
  const std::string other = filled.folder / "other";
  BinaryCache(other).insert(Binary::from_bytes("of the other"));
  const Hash others = Hash::of(std::string_view("of the other"));
  write_file(other + "/" + some_binary().hash().hex() + ".so", "planted");
  fs::rename(filled.directory, filled.folder / "elsewhere");
  fs::rename(other, filled.directory);

  // A hit in the old directory would be answered with the path of the planted file.
  CHECK_FALSE(filled.cache.find(some_binary().hash()));
  CHECK(filled.cache.quarantined(some_binary().hash()));
  const std::optional<CachedBinary> found = filled.cache.find(others);
  REQUIRE(found);
  CHECK(found->file == filled.directory + "/" + others.hex() + ".so");
  CHECK(read_file(filled.get().file) == some_binary().view());
}

TEST_CASE("a directory that is replaced under its cache is checked again", "[core][cache]") {
  Filled filled;
  std::string says;
  SECTION("by one that others may write to") {
    fs::rename(filled.directory, filled.folder / "elsewhere");
    fs::create_directory(filled.directory);
    set_mode(filled.directory, 0777);
    says = "others may write to '" + filled.directory + "' (mode 0777";
  }
  SECTION("by one of another user") {
    if (::geteuid() != 0) {
      WARN("SKIPPED: only root can give a directory to another user");
      return;
    }
    fs::rename(filled.directory, filled.folder / "elsewhere");
    fs::create_directory(filled.directory);
    REQUIRE(::chown(filled.directory.c_str(), 65534, 65534) == 0);
    says = "belongs to somebody else";
  }
  SECTION("by a file") {
    fs::rename(filled.directory, filled.folder / "elsewhere");
    write_file(filled.directory, "a file");
    says = "is not a directory";
  }
  SECTION("by itself, with other modes") {
    set_mode(filled.directory, 0777);
    says = "chmod go-w '" + filled.directory + "'";
  }
  const auto refused = fails(ErrorCode::kStorageRefused, {filled.directory, says});
  CHECK_THROWS_MATCHES(filled.cache.find(some_binary().hash()), Error, refused);
  CHECK_THROWS_MATCHES(filled.cache.insert(some_binary()), Error, refused);
  CHECK_THROWS_MATCHES(filled.get(), Error, refused);
  CHECK(filled.downloads == 0);
}

TEST_CASE("a directory that became a link is followed to where it leads", "[core][cache]") {
  Filled filled;
  const std::string moved = filled.folder / "moved";
  fs::rename(filled.directory, moved);
  fs::create_directory_symlink(moved, filled.directory);
  CHECK(filled.get().file == moved + "/" + some_binary().hash().hex() + ".so");
  CHECK(filled.downloads == 0);
}
