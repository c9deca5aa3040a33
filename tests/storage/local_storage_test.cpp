#include "storage/local_storage.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <map>
#include <sstream>
#include <stop_token>
#include <thread>
#include <vector>

#include "storage/posix_file.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/recording_sink.hpp"
#include "tests/storage/temporary_folder.hpp"
#include "tests/storage/writer_process.hpp"

namespace pet::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using Keys = std::vector<std::string>;

// A file system of 64 KiB, when we may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    fs::create_directories(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  void make_read_only() const {
    REQUIRE(::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  }

 private:
  std::string path_;
  bool mounted_ = false;
};

void set_age(const std::string& path, time_t seconds) {
  const timespec then{::time(nullptr) - seconds, 0};
  const timespec times[2] = {then, then};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

}  // namespace

TEST_CASE("a root that does not exist is no empty storage, and is created by the first write",
          "[storage][local]") {
  const TemporaryFolder folder;
  LocalStorage storage(folder / "not/yet/there");
  const auto missing =
      fails(ErrorCode::kStorageUnreachable,
            {"storage '" + folder / "not/yet/there" + "' does not exist", "mounted"});
  CHECK_THROWS_MATCHES(storage.get("a"), Error, missing);
  CHECK_THROWS_MATCHES(storage.head("a"), Error, missing);
  CHECK_THROWS_MATCHES(storage.list(""), Error, missing);
  CHECK_THROWS_MATCHES(storage.remove("a"), Error, missing);
  CHECK_FALSE(fs::exists(folder / "not"));

  storage.put("a/b", "x");
  CHECK(read_file(folder / "not/yet/there/a/b") == "x");

  LocalStorage empty(folder / "another");
  empty.ensure_exists();
  CHECK(empty.list("").empty());
}

TEST_CASE("a root that is a file is refused by reads and writes", "[storage][local]") {
  const TemporaryFolder folder;
  write_file(folder / "file", "x");
  LocalStorage storage(folder / "file");
  const auto refused = fails(ErrorCode::kStorageRefused,
                             {"storage '" + folder / "file" + "' is not a directory", "--storage"});
  CHECK_THROWS_MATCHES(storage.get("a"), Error, refused);
  CHECK_THROWS_MATCHES(storage.list(""), Error, refused);
  CHECK_THROWS_MATCHES(storage.put("a", "x"), Error, refused);
  CHECK_THROWS_MATCHES(storage.remove("a"), Error, refused);
}

TEST_CASE("a relative root stays where it was when the process moves", "[storage][local]") {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  LocalStorage storage("pets/");
  fs::current_path(before);
  storage.put("a", "x");
  CHECK(read_file(folder / "pets/a") == "x");
}

TEST_CASE("an object is read into the place that a sink has for it", "[storage][local]") {
  const TemporaryFolder folder;
  LocalStorage storage(folder / "pets");
  storage.put("object", std::string(2500, 'x'));
  const bool is_watched = GENERATE(false, true);
  if (is_watched) storage.watch_transfers([](const TransferProgress&) {});
  RecordingSink sink;
  sink.place.resize(1000);
  CHECK(storage.read("object", sink));
  CHECK(sink.bytes == std::string(2500, 'x'));
  CHECK(sink.pieces_in_place == 3);
}

TEST_CASE("what is not a file is never read as an object", "[storage][local]") {
  const TemporaryFolder folder;
  LocalStorage storage(folder.path());
  storage.put("folder/inside", "x");
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0644) == 0);

  const auto is_folder =
      fails(ErrorCode::kCorrupt, {"'" + folder / "folder" + "'", "a folder stands where a file"});
  CHECK_THROWS_MATCHES(storage.get("folder"), Error, is_folder);
  CHECK_THROWS_MATCHES(storage.head("folder"), Error, is_folder);
  CHECK_THROWS_MATCHES(storage.put("folder", "x"), Error, is_folder);
  CHECK_THROWS_MATCHES(storage.put_if_absent("folder", "x"), Error, is_folder);
  CHECK_THROWS_MATCHES(storage.remove("folder"), Error, is_folder);

  const auto not_regular =
      fails(ErrorCode::kCorrupt, {"'" + folder / "fifo" + "' is not a regular file"});
  CHECK_THROWS_MATCHES(storage.get("fifo"), Error, not_regular);
  CHECK_THROWS_MATCHES(storage.put_if_absent("fifo", "x"), Error, not_regular);

  const auto is_file = fails(ErrorCode::kCorrupt, {"'" + folder / "folder/inside" + "'",
                                                   "a file stands where a folder was expected"});
  CHECK_THROWS_MATCHES(storage.get("folder/inside/a"), Error, is_file);
  CHECK_THROWS_MATCHES(storage.put("folder/inside/a", "x"), Error, is_file);
  CHECK(storage.list("") == Keys{"folder/inside"});
  CHECK(temporaries_in(folder.path()).empty());
}

// As Samba and NFS servers take them: whoever opens the file waits until it is given back.
TEST_CASE("an object on which another program has a lease is waited for", "[storage][local]") {
  const TemporaryFolder folder;
  LocalStorage storage(folder / "pets");
  storage.put("a", "x");
  ::signal(SIGIO, SIG_IGN);  // what tells the holder
  const posix::FileDescriptor held(::open((folder / "pets/a").c_str(), O_RDONLY | O_CLOEXEC));
  if (::fcntl(held.get(), F_SETLEASE, F_WRLCK) != 0) {
    WARN("SKIPPED: this file system has no leases");
    return;
  }
  const std::jthread holder([&](const std::stop_token& stop) {
    while (!stop.stop_requested() && ::fcntl(held.get(), F_GETLEASE) == F_WRLCK) {
      std::this_thread::yield();
    }
    ::fcntl(held.get(), F_SETLEASE, F_UNLCK);
  });
  CHECK(storage.get("a") == "x");
}

TEST_CASE("no key leads out of the root through a symbolic link", "[storage][local]") {
  const TemporaryFolder folder;
  write_file(folder / "outside/secret", "secret");
  LocalStorage storage(folder / "root");
  storage.put("plugins/A/x", "x");
  fs::create_directory_symlink(folder / "outside", folder / "root/plugins/B");
  fs::create_symlink(folder / "outside/secret", folder / "root/plugins/A/link");

  for (const char* key : {"plugins/B/secret", "plugins/A/link"}) {
    CAPTURE(key);
    const auto refused = fails(ErrorCode::kStorageRefused, {"a symbolic link stands where"});
    CHECK_THROWS_MATCHES(storage.get(key), Error, refused);
    CHECK_THROWS_MATCHES(storage.head(key), Error, refused);
    CHECK_THROWS_MATCHES(storage.put_if_absent(key, "x"), Error, refused);
  }
  CHECK_THROWS_AS(storage.put("plugins/B/new", "x"), Error);
  CHECK_THROWS_AS(storage.remove("plugins/B/secret"), Error);
  CHECK(storage.list("") == Keys{"plugins/A/x"});
  CHECK_THROWS_AS(storage.list("plugins/B/"), Error);

  storage.put("plugins/A/link", "replaced");  // the link, not what it points to
  CHECK(storage.get("plugins/A/link") == "replaced");
  CHECK(read_file(folder / "outside/secret") == "secret");
  CHECK_FALSE(fs::exists(folder / "outside/new"));
}

TEST_CASE("the root itself may be reached through a symbolic link", "[storage][local]") {
  const TemporaryFolder folder;
  fs::create_directories(folder / "real");
  fs::create_directory_symlink(folder / "real", folder / "link");
  LocalStorage(folder / "link").put("a/b", "x");
  CHECK(read_file(folder / "real/a/b") == "x");
}

TEST_CASE("files that no key can name are never listed", "[storage][local]") {
  const TemporaryFolder folder;
  LocalStorage storage(folder.path());
  storage.put("a/b", "x");
  for (const char* name : {".tmp-1-abc", "a/.tmp-2-def", "lost+found/x", ".git/config", "a/b c"}) {
    write_file(folder / name, "x");
  }
  CHECK(storage.list("") == Keys{"a/b"});
  CHECK(storage.list("a/") == Keys{"a/b"});
}

// So that a group may share a storage, when its members' umask says so.
TEST_CASE("objects get mode 0666 and folders 0777, less the umask", "[storage][local]") {
  const auto [mask, object, directory] =
      GENERATE(table<mode_t, mode_t, mode_t>({{027, 0640, 0750}, {002, 0664, 0775}}));
  const TemporaryFolder folder;
  const mode_t before = ::umask(mask);
  LocalStorage storage(folder / "root");
  storage.put("new/a", "x");
  storage.put_if_absent("other/b", "x");
  ::umask(before);
  const auto mode_of = [&](const char* name) -> mode_t {
    struct stat status {};
    REQUIRE(::stat((folder / name).c_str(), &status) == 0);
    return status.st_mode & 0777;
  };
  CHECK(mode_of("root/new/a") == object);
  CHECK(mode_of("root/other/b") == object);
  CHECK(mode_of("root/new") == directory);
  CHECK(mode_of("root") == directory);
}

TEST_CASE("an old temporary of a dead writer is swept, any other stays", "[storage][local]") {
  const TemporaryFolder folder;
  const Ended dead = run("echo $$");
  const std::string pid = dead.output.substr(0, dead.output.size() - 1);
  const std::string swept = folder / ("a/.tmp-" + pid + "-1");
  const std::string young = folder / ("a/.tmp-" + pid + "-2");
  const std::string alive = folder / ("a/.tmp-" + std::to_string(::getpid()) + "-3");
  for (const std::string& path : {swept, young, alive}) write_file(path, "x");
  set_age(swept, 2 * 3600);
  set_age(young, 1800);
  set_age(alive, 2 * 3600);

  LocalStorage(folder.path()).put("a/b", "x");
  CHECK_FALSE(fs::exists(swept));
  CHECK(fs::exists(young));
  CHECK(fs::exists(alive));
}

TEST_CASE("of racing processes exactly one wins each key, and its bytes stand",
          "[storage][local]") {
  const TemporaryFolder folder;
  const std::string root = folder / "root";
  constexpr int kProcesses = 6;
  constexpr int kKeys = 60;
  std::vector<Process> processes;
  for (int i = 0; i < kProcesses; ++i) {
    processes.emplace_back(writer() + root + " race " + std::to_string(kKeys) + " process-" +
                           std::to_string(i));
  }
  write_file(root + ".go", "");

  std::map<int, std::vector<int>> winners;
  for (int i = 0; i < kProcesses; ++i) {
    const Ended ended = processes[i].wait();
    REQUIRE(ended.status == 0);
    std::istringstream won(ended.output);
    for (int key = 0; won >> key;) winners[key].push_back(i);
  }
  const LocalStorage storage(root);
  for (int key = 0; key < kKeys; ++key) {
    CAPTURE(key);
    REQUIRE(winners[key].size() == 1);
    CHECK(storage.get("race/" + std::to_string(key)) ==
          "process-" + std::to_string(winners[key].front()));
  }
  CHECK(temporaries_in(root).empty());
}

TEST_CASE("a folder that this user may not write is refused, naming file and remedy",
          "[storage][local]") {
  const TemporaryFolder folder;
  LocalStorage(folder.path()).put("a/b", "x");
  ::chmod((folder / "a").c_str(), 0555);

  const Ended put = run(unprivileged_writer() + folder.path() + " put a/c 1");
  CHECK(put.status == 3);
  CHECK(put.output == "storage_refused: cannot create '" + folder / "a/c" +
                          "': permission denied: allow it to this user, or choose another storage "
                          "with --storage\n");
  CHECK(run(unprivileged_writer() + folder.path() + " get a/b").output == "x\n");
  ::chmod((folder / "a").c_str(), 0755);
}

TEST_CASE("what this user may not read is refused, never absent", "[storage][local]") {
  const TemporaryFolder folder;
  LocalStorage(folder / "root").put("a/b", "x");
  const std::vector<std::string> closed{"root/a/b", "root/a", "root"};
  for (const std::string& path : closed) {
    CAPTURE(path);
    const auto before = fs::status(folder / path).permissions();
    ::chmod((folder / path).c_str(), 0);
    const Ended got = run(unprivileged_writer() + folder / "root" + " get a/b");
    const Ended missing = run(unprivileged_writer() + folder / "root" + " get a/missing");
    fs::permissions(folder / path, before);

    CHECK(got.status == 3);
    CHECK_THAT(got.output, StartsWith("storage_refused: cannot open "));
    CHECK_THAT(got.output, Contains("'" + folder / path + "': permission denied"));
    if (path != "root/a/b") CHECK_THAT(missing.output, StartsWith("storage_refused"));
  }
}

TEST_CASE("a full disk is refused with the remedy, and nothing is left", "[storage][local]") {
  const TemporaryFolder folder;
  const SmallDisk disk(folder / "disk");
  if (!disk.mounted()) {
    WARN("SKIPPED: a full disk needs the right to mount a tmpfs");
    return;
  }
  LocalStorage storage(folder / "disk/root");
  storage.put("a/small", "x");
  const auto full = fails(ErrorCode::kStorageRefused,
                          {"cannot write '" + folder / "disk/root/a/large" + "'",
                           "no space left on the device that holds it: free space there, or choose "
                           "another storage with --storage"});
  CHECK_THROWS_MATCHES(storage.put("a/large", std::string(1 << 20, 'x')), Error, full);
  CHECK_THROWS_MATCHES(storage.put_if_absent("a/large", std::string(1 << 20, 'x')), Error, full);

  const std::string large(1 << 20, 'x');
  const std::vector<PutItem> items{{"a/first", "x"}, {"a/large", large}, {"a/small", "y"}};
  CHECK_THROWS_MATCHES(storage.put_many(items), Error, full);
  CHECK(storage.list("") == Keys{"a/small"});
  CHECK(storage.get("a/small") == "x");
  CHECK(temporaries_in(folder / "disk").empty());
  storage.put("a/first", "there is room again");
}

TEST_CASE("a read-only file system is refused with the remedy, and can be read",
          "[storage][local]") {
  const TemporaryFolder folder;
  const SmallDisk disk(folder / "disk");
  if (!disk.mounted()) {
    WARN("SKIPPED: a read-only file system needs the right to mount a tmpfs");
    return;
  }
  LocalStorage storage(folder / "disk");
  storage.put("a", "x");
  disk.make_read_only();
  CHECK(storage.get("a") == "x");
  const auto read_only =
      fails(ErrorCode::kStorageRefused, {"its file system is read-only: mount it writable"});
  CHECK_THROWS_MATCHES(storage.put("a", "y"), Error, read_only);
  CHECK_THROWS_MATCHES(storage.put("new/b", "y"), Error, read_only);
  CHECK_THROWS_MATCHES(storage.remove("a"), Error, read_only);
  CHECK_FALSE(storage.put_if_absent("a", "y"));
}

}  // namespace pet::test
