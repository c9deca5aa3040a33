// Which directories a cache accepts, and what it says about the others.
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>

#include "core/cache/binary_cache.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/temporary_folder.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

const Binary& some_binary() {
  static const Binary binary = Binary::from_bytes("some bytes");
  return binary;
}

void insert_into(const std::string& directory) { BinaryCache(directory).insert(some_binary()); }

void set_mode(const std::string& path, unsigned mode) {
  fs::permissions(path, static_cast<fs::perms>(mode));
}

// Inserts as an ordinary user, in a process of its own when the test runs as root, which may do
// everything. "<code>: <message>", or "inserted".
std::string insert_as_user(const std::string& directory) {
  const auto attempt = [&]() -> std::string {
    try {
      insert_into(directory);
      return "inserted";
    } catch (const Error& error) {
      return std::string(to_string(error.code())) + ": " + error.what();
    }
  };
  if (::geteuid() != 0) return attempt();
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool became = ::setgid(65534) == 0 && ::setuid(65534) == 0;
    const std::string text = became ? attempt() : "cannot become another user";
    const ssize_t written = ::write(ends[1], text.data(), text.size());
    ::_exit(written < 0);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return text;
}

// A small file system for one test; empty path when it may not be mounted here.
class MountedTmpfs {
 public:
  MountedTmpfs(const std::string& path, unsigned long flags, const std::string& options) {
    fs::create_directory(path);
    if (::mount("tmpfs", path.c_str(), "tmpfs", flags, options.c_str()) == 0) path_ = path;
  }
  ~MountedTmpfs() {
    if (!path_.empty()) ::umount2(path_.c_str(), MNT_DETACH);
  }
  MountedTmpfs(const MountedTmpfs&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Sets a variable for one test.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* old = ::getenv(name)) old_ = old;
    value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
  }
  ~Environment() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }
  Environment(const Environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

const std::string kElsewhere =
    "choose another directory with PET_CACHE, or keep binaries in memory with PET_CACHE=memory:";

}  // namespace

TEST_CASE("a directory that others may write to is refused", "[core][cache]") {
  const TemporaryFolder folder;
  const std::string directory = folder / "cache";
  fs::create_directory(directory);
  const unsigned mode = GENERATE(0777u, 0770u, 0702u, 01777u);
  set_mode(directory, mode);
  char octal[8];
  std::snprintf(octal, sizeof octal, "%04o", mode);
  CHECK_THROWS_MATCHES(
      insert_into(directory), Error,
      fails(
          ErrorCode::kStorageRefused,
          {"cache directory '" + directory + "' cannot be trusted: others may write to '" +
               directory + "' (mode " + octal + ", owner uid " + std::to_string(::geteuid()) + ")",
           "chmod go-w '" + directory + "', or " + kElsewhere}));
  CHECK(fs::is_empty(directory));
  set_mode(directory, 0755);
  insert_into(directory);
}

TEST_CASE("a directory below one that others may write to is refused", "[core][cache]") {
  const TemporaryFolder folder;
  const std::string open = folder / "open";
  fs::create_directories(open + "/ours");
  set_mode(open, 0777);
  // What is missing is not created there either.
  const std::string directory = open + GENERATE(as<std::string>{}, "/ours", "/new/cache");
  CHECK_THROWS_MATCHES(
      insert_into(directory), Error,
      fails(ErrorCode::kStorageRefused,
            {"others may write to '" + open + "' (mode 0777", "chmod go-w '" + open + "'"}));
  CHECK_FALSE(fs::exists(open + "/new"));
  // Sticky, as /tmp is: others can add names there, but not exchange ours.
  set_mode(open, 01777);
  insert_into(directory);
}

TEST_CASE("another user's directory is refused", "[core][cache]") {
  if (::geteuid() != 0) {
    WARN("SKIPPED: only root can give a directory to another user");
    return;
  }
  const TemporaryFolder folder;
  const std::string theirs = folder / "theirs";
  fs::create_directory(theirs);
  REQUIRE(::chown(theirs.c_str(), 65534, 65534) == 0);
  const std::string directory = theirs + GENERATE(as<std::string>{}, "", "/cache");
  CHECK_THROWS_MATCHES(
      insert_into(directory), Error,
      fails(ErrorCode::kStorageRefused, {"'" + theirs +
                                             "' (mode 0755, owner uid 65534) belongs to somebody "
                                             "else than this user (uid 0)",
                                         kElsewhere}));
}

TEST_CASE("links in the directory's path are resolved once, when it is opened", "[core][cache]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "real");
  fs::create_directory(folder / "other");
  fs::create_directory_symlink(folder / "real", folder / "link");
  BinaryCache cache(folder / "link/cache/");
  const std::string file = folder / "real/cache/" + some_binary().hash().hex() + ".so";
  CHECK(cache.insert(some_binary()).file == file);

  fs::remove(folder / "link");
  fs::create_directory_symlink(folder / "other", folder / "link");
  CHECK(cache.find(some_binary().hash())->file == file);
  CHECK(fs::is_empty(folder / "other"));

  // A link into a directory that others may write to is none to trust.
  set_mode(folder / "other", 0777);
  CHECK_THROWS_MATCHES(
      insert_into(folder / "link"), Error,
      fails(ErrorCode::kStorageRefused, {"others may write to '" + folder / "other"}));
}

TEST_CASE("all spellings of a directory are one directory", "[core][cache]") {
  const TemporaryFolder folder;
  const std::string file = folder / "a/" + some_binary().hash().hex() + ".so";
  for (const char* spelling : {"a", "a/", "a/.", "./a//", "b/../a"}) {
    CHECK(BinaryCache(folder / spelling).insert(some_binary()).file == file);
  }
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  CHECK(BinaryCache("a").insert(some_binary()).file == file);
  fs::current_path(before);
}

TEST_CASE("what is not a directory is refused", "[core][cache]") {
  const TemporaryFolder folder;
  write_file(folder / "file", "x");
  const std::string directory = folder / GENERATE(as<std::string>{}, "file", "file/cache");
  CHECK_THROWS_MATCHES(insert_into(directory), Error,
                       fails(ErrorCode::kStorageRefused, {folder / "file", "ot a directory"}));
  fs::create_symlink(folder / "nowhere", folder / "dangling");
  CHECK_THROWS_MATCHES(insert_into(folder / "dangling"), Error,
                       fails(ErrorCode::kStorageRefused, {folder / "dangling", kElsewhere}));
}

TEST_CASE("a directory that this user cannot write to says so", "[core][cache]") {
  const TemporaryFolder folder;
  const std::string directory = folder / "cache";
  fs::create_directory(directory);
  set_mode(directory, 0555);
  const std::string uid = ::geteuid() == 0 ? "65534" : std::to_string(::geteuid());
  CHECK_THAT(insert_as_user(directory),
             Contains("storage_refused: cache directory '" + directory +
                      "' cannot take a file: Permission denied: make it writable for this user "
                      "(uid " +
                      uid + "), or " + kElsewhere));
  CHECK_THAT(insert_as_user(directory + "/deeper"),
             Contains("storage_refused") && Contains("cannot be created: Permission denied"));
  set_mode(directory, 0755);
}

TEST_CASE("a cache that root filled serves users who cannot write to it", "[core][cache]") {
  if (::geteuid() != 0) {
    WARN("SKIPPED: needs root to fill it");
    return;
  }
  const TemporaryFolder folder;
  insert_into(folder / "cache");
  set_mode(folder / "cache", 0755);
  set_mode(folder / "cache/" + some_binary().hash().hex() + ".so", 0644);
  CHECK(insert_as_user(folder / "cache") == "inserted");
}

TEST_CASE("a full file system says so and leaves nothing behind", "[core][cache]") {
  const TemporaryFolder folder;
  const MountedTmpfs small(folder / "small", 0, "size=64k,mode=0700");
  if (small.path().empty()) {
    WARN("SKIPPED: a tmpfs cannot be mounted here");
    return;
  }
  BinaryCache cache(small.path() + "/cache");
  cache.insert(some_binary());
  CHECK_THROWS_MATCHES(
      cache.insert(Binary::from_bytes(std::string(1 << 20, 'x'))), Error,
      fails(ErrorCode::kStorageRefused, {"cache directory '" + small.path() +
                                         "/cache' cannot take a file: No space left on "
                                         "device: free space there, or " +
                                         kElsewhere}));
  CHECK(cache.size().files == 1);
  CHECK(temporaries_in(small.path()).empty());
  CHECK(cache.find(some_binary().hash()));
}

TEST_CASE("a read-only file system says so", "[core][cache]") {
  const TemporaryFolder folder;
  const MountedTmpfs readonly(folder / "ro", MS_RDONLY, "mode=0700");
  if (readonly.path().empty()) {
    WARN("SKIPPED: a tmpfs cannot be mounted here");
    return;
  }
  CHECK_THROWS_MATCHES(insert_into(readonly.path()), Error,
                       fails(ErrorCode::kStorageRefused,
                             {"cannot take a file: Read-only file system: mount it writable, or"}));
}

TEST_CASE("a file system that is mounted noexec is refused before anything is fetched",
          "[core][cache]") {
  const TemporaryFolder folder;
  const MountedTmpfs noexec(folder / "noexec", MS_NOEXEC, "mode=0700");
  if (noexec.path().empty()) {
    WARN("SKIPPED: a tmpfs cannot be mounted here");
    return;
  }
  BinaryCache cache(noexec.path() + "/cache");
  const auto get = [&] {
    return cache.get_or_fetch(some_binary().hash(), {}, []() -> std::string {
      FAIL("fetched for a cache that cannot be used");
      return {};
    });
  };
  CHECK_THROWS_MATCHES(get(), Error,
                       fails(ErrorCode::kStorageRefused,
                             {"is on a file system mounted noexec, so nothing in it can be loaded: "
                              "mount it with exec, or " +
                              kElsewhere}));
}

TEST_CASE("the default directory comes from XDG_CACHE_HOME, then HOME", "[core][cache]") {
  const Environment xdg("XDG_CACHE_HOME", "/xdg");
  const Environment home("HOME", "/home/ann");
  CHECK(BinaryCache::default_directory() == "/xdg/petfactory");
  {
    const Environment none("XDG_CACHE_HOME", GENERATE(as<const char*>{}, nullptr, "", "relative"));
    CHECK(BinaryCache::default_directory() == "/home/ann/.cache/petfactory");
  }
}

TEST_CASE("without a home the cache says what to do, at its first use", "[core][cache]") {
  const Environment xdg("XDG_CACHE_HOME", nullptr);
  const Environment home("HOME", GENERATE(as<const char*>{}, nullptr, "", "relative"));
  const auto refused =
      fails(ErrorCode::kStorageRefused,
            {"neither XDG_CACHE_HOME nor HOME is an absolute path: set one of them",
             "PET_CACHE=memory:"});
  CHECK_THROWS_MATCHES(BinaryCache::default_directory(), Error, refused);
  BinaryCache cache;
  CHECK(cache.describe() == "the default directory");
  CHECK_THROWS_MATCHES(cache.find(some_binary().hash()), Error, refused);
  // It is tried again: what was wrong may have been put right.
  const TemporaryFolder folder;
  const Environment found("HOME", folder.path().c_str());
  CHECK_FALSE(cache.find(some_binary().hash()));
  CHECK(cache.describe() == folder / ".cache/petfactory");
}

TEST_CASE("a home that is missing or cannot be written is an error, not a crash", "[core][cache]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "home");
  set_mode(folder / "home", 0555);
  const Environment xdg("XDG_CACHE_HOME", nullptr);
  const Environment home("HOME",
                         (folder / GENERATE(as<std::string>{}, "home", "home/missing")).c_str());
  CHECK_THAT(insert_as_user(""), Contains("storage_refused") && Contains("Permission denied"));
  set_mode(folder / "home", 0755);
}
