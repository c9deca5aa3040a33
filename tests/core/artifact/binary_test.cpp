#include "core/artifact/binary.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "storage/error.hpp"

namespace {

namespace fs = std::filesystem;
using pet::Binary;
using pet::ErrorCode;

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "pet_binary_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path file(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

void check_refused(const fs::path& path, ErrorCode code, const std::string& reason,
                   std::uint64_t max_size = Binary::kDefaultMaxSize) {
  try {
    Binary::read(path, max_size);
    FAIL("read " << path);
  } catch (const pet::Error& error) {
    CHECK(error.code() == code);
    CHECK(error.what() == "'" + path.string() + "' " + reason);
    CHECK(error.key() == path.string());
  }
}

TEST_CASE("a file is read whole, with its hash and where it came from", "[core][artifact]") {
  const Folder folder;
  for (const std::size_t size : {0u, 1u, 131071u, 131072u, 131073u, 300000u}) {
    const std::string bytes(size, 'p');
    const fs::path path = folder.file("a.so", bytes);
    const Binary binary = Binary::read(path);
    CHECK(binary.view() == bytes);
    CHECK(binary.bytes().size() == size);
    CHECK(binary.hash() == pet::Hash::of(bytes));
    CHECK(binary.origin() == path.string());
  }
}

TEST_CASE("a binary keeps its bytes when the file is rewritten", "[core][artifact]") {
  const Folder folder;
  const Binary binary = Binary::read(folder.file("a.so", "first"));
  const Binary copy = binary;
  folder.file("a.so", "second");
  CHECK(binary.view() == "first");
  CHECK(copy.view().data() == binary.view().data());
}

TEST_CASE("a descriptor is read from the beginning and stays open", "[core][artifact]") {
  const Folder folder;
  const int file = ::open(folder.file("a.so", "bytes").c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(::lseek(file, 3, SEEK_SET) == 3);
  CHECK(Binary::read_descriptor(file, "cache entry").view() == "bytes");
  CHECK(::lseek(file, 0, SEEK_CUR) == 3);
  ::close(file);
}

TEST_CASE("bytes from elsewhere become a binary too", "[core][artifact]") {
  const Binary binary = Binary::from_bytes("short", "s3://models/a.so");
  CHECK(binary.view() == "short");
  CHECK(binary.hash() == pet::Hash::of("short"));
  CHECK(binary.origin() == "s3://models/a.so");
}

TEST_CASE("what is no readable file is refused with its path", "[core][artifact]") {
  const Folder folder;
  check_refused(folder / "absent.so", ErrorCode::kNoBinary, "does not exist");
  check_refused(PET_FIXTURE_DIR "/directory.so", ErrorCode::kNotAPlugin,
                "is a directory, not a plugin file");
  check_refused("/dev/null", ErrorCode::kNotAPlugin, "is a device, not a plugin file");
  check_refused(folder.file("big.so", "12345"), ErrorCode::kNotAPlugin,
                "has 5 bytes; a plugin file may have 4", 4);
  REQUIRE(::mkfifo((folder / "pipe.so").c_str(), 0600) == 0);
  check_refused(folder / "pipe.so", ErrorCode::kNotAPlugin, "is a pipe, not a plugin file");
  fs::create_symlink("loop.so", folder / "loop.so");
  check_refused(folder / "loop.so", ErrorCode::kNoBinary,
                "cannot be read: Too many levels of symbolic links");
}

}  // namespace
