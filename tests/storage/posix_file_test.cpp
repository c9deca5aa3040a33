#include "storage/posix_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/storage/error_matcher.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {

TEST_CASE("durable_write creates and replaces a file", "[storage][local]") {
  const TemporaryFolder folder;
  posix::durable_write(folder / "file", "first");
  posix::durable_write(folder / "file", std::string("a\0b", 3));
  CHECK(read_file(folder / "file") == std::string("a\0b", 3));
  CHECK(temporaries_in(folder.path()).empty());
  CHECK_THROWS_MATCHES(posix::durable_write(folder / "no/file", "x"), Error,
                       fails(ErrorCode::kStorageUnreachable, {"cannot open '" + folder / "no'"}));
}

TEST_CASE("make_folders makes what is missing and stops at a file", "[storage][local]") {
  const TemporaryFolder folder;
  posix::make_folders(folder / "a/b/c");
  posix::make_folders(folder / "a/b/c");
  CHECK(std::filesystem::is_directory(folder / "a/b/c"));
  write_file(folder / "file", "x");
  const auto is_file = fails(ErrorCode::kCorrupt, {"a file stands where a folder was expected"});
  CHECK_THROWS_MATCHES(posix::make_folders(folder / "file"), Error, is_file);
  CHECK_THROWS_MATCHES(posix::make_folders(folder / "file/a"), Error, is_file);
}

TEST_CASE("a temporary file that gets no name disappears", "[storage][local]") {
  const TemporaryFolder folder;
  const posix::FileDescriptor fd(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY));
  {
    posix::TemporaryFile file(fd.get(), folder.path(), "name");
    file.write("x");
    CHECK(temporaries_in(folder.path()).size() == 1);
    const posix::TemporaryFile moved(std::move(file));
    CHECK(temporaries_in(folder.path()).size() == 1);
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a temporary file has the mode and the words for failures that it is given",
          "[storage][local]") {
  const TemporaryFolder folder;
  const posix::FileDescriptor fd(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY));
  const auto say_errno = [](int error, std::string_view doing, const std::string& path) {
    throw std::runtime_error(std::to_string(error) + " " + std::string(doing) + " " + path);
  };
  {
    posix::TemporaryFile file(fd.get(), folder.path(), "ours", {.mode = 0600, .fail = say_errno});
    file.write("x");
    file.publish();
  }
  struct stat status {};
  REQUIRE(::stat((folder / "ours").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);

  CHECK_THROWS_WITH(
      posix::TemporaryFile(fd.get(), "/srv", "no/such", {.mode = 0600, .fail = say_errno})
          .publish(),
      std::to_string(ENOENT) + " replace /srv/no/such");
  CHECK_THROWS_WITH(posix::TemporaryFile(-1, "/srv", "name", {.mode = 0600, .fail = say_errno}),
                    std::to_string(EBADF) + " create /srv/name");
  CHECK_THROWS_WITH(posix::write_all(fd.get(), "x", "path", say_errno),
                    std::to_string(EBADF) + " write path");
}

TEST_CASE("unique names differ", "[storage][local]") {
  const std::string name = posix::unique_name();
  CHECK_THAT(name, Catch::StartsWith(std::to_string(::getpid()) + "-"));
  CHECK(posix::unique_name() != name);
}

TEST_CASE("a file that shrinks while it is read is corrupt, with both sizes", "[storage][local]") {
  const TemporaryFolder folder;
  write_file(folder / "file", "12345");
  const posix::FileDescriptor fd(::open((folder / "file").c_str(), O_RDONLY));
  CHECK(posix::read_exactly(fd.get(), 1, 3, "file") == "234");
  CHECK_THROWS_MATCHES(
      posix::read_exactly(fd.get(), 0, 9, "file"), Error,
      fails(ErrorCode::kCorrupt, {"'file' shrank", "expected 9 bytes, it ends after 5"}));
}

TEST_CASE("an errno becomes a code, a reason and a next step", "[storage][local]") {
  struct Case {
    int error;
    ErrorCode code;
    std::string says;
  };
  const std::vector<Case> cases{
      {ENOSPC, ErrorCode::kStorageRefused, "no space left on the device that holds it: free space"},
      {EDQUOT, ErrorCode::kStorageRefused, "the disk quota there is used up: free space"},
      {EROFS, ErrorCode::kStorageRefused, "its file system is read-only: mount it writable"},
      {EACCES, ErrorCode::kStorageRefused, "permission denied: allow it to this user"},
      {ELOOP, ErrorCode::kStorageRefused, "a symbolic link stands"},
      {ENOTDIR, ErrorCode::kCorrupt, "a file stands where a folder was expected: move it away"},
      {EISDIR, ErrorCode::kCorrupt, "a folder stands where a file was expected: move it away"},
      {EIO, ErrorCode::kStorageUnreachable, "input/output error: check the device"},
      {ESTALE, ErrorCode::kStorageUnreachable, "the network file system lost it: mount it again"},
      {EMFILE, ErrorCode::kStorageUnreachable, "too many files open: raise the limit (ulimit -n)"},
      {EOPNOTSUPP, ErrorCode::kStorageUnsupported, "the file system has no such operation"},
      {ETIMEDOUT, ErrorCode::kStorageUnreachable, "timed out: try again"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.error);
    CHECK_THROWS_MATCHES(posix::throw_errno(c.error, "write", "/srv/a"), Error,
                         fails(c.code, {"cannot write '/srv/a': ", c.says,
                                        "or choose another storage with --storage"}));
  }
}

}  // namespace pet::test
