// What survives a power cut or a failing disk, shown by the system calls themselves: strace lists
// them, makes one of them fail, or kills the writer at one.
#include <fcntl.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "storage/local_storage.hpp"
#include "storage/posix_file.hpp"
#include "tests/storage/temporary_folder.hpp"
#include "tests/storage/writer_process.hpp"

namespace pet::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using Keys = std::vector<std::string>;
using Steps = std::vector<std::string>;

constexpr const char* kTraced =
    "trace=mkdir,mkdirat,write,fsync,syncfs,link,linkat,rename,renameat,renameat2,unlinkat";

bool skipped_without_strace() {
  if (has_strace()) return false;
  if (requires_strace())
    FAIL("strace is required (PET_REQUIRE_STRACE), and is not here or may not trace");
  WARN("SKIPPED: strace is not installed or may not trace here");
  return true;
}

// Whether many are synced as one where the tests write; elsewhere (an overlay, say) one by one.
bool skipped_on_another_file_system(const TemporaryFolder& folder) {
  const posix::FileDescriptor fd(::open(folder.path().c_str(), O_RDONLY | O_CLOEXEC));
  if (posix::sync_file_system(fd.get(), folder.path())) return false;
  WARN("SKIPPED: of the file system of " << folder.path()
                                         << " no syncfs is trusted: choose another by TMPDIR");
  return true;
}

// "a/b" for a path below `root`, ".tmp" for the last segment of a temporary.
std::string relative(std::string path, const std::string& root) {
  if (!path.starts_with(root)) return {};
  path.erase(0, root.size());
  if (path.starts_with("/")) path.erase(0, 1);
  const std::size_t temporary = path.find(".tmp-");
  if (temporary != std::string::npos) path.resize(temporary + 4);
  return path.empty() ? "." : path;
}

// The writer's durable steps below `root`, as "fsync a/.tmp" or "linkat a"; strace -y shows a
// descriptor as 3</path>.
Steps steps_of(const std::string& root, const std::string& arguments) {
  const std::string log = root + ".strace";
  const Ended ended = run(strace("-y -e " + std::string(kTraced) + " -o " + log) + writer() + root +
                          " " + arguments);
  REQUIRE(ended.status == 0);
  Steps steps;
  std::istringstream lines(read_file(log));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t paren = line.find('(');
    const std::size_t open = line.find('<');
    const std::size_t close = line.find('>');
    if (paren == std::string::npos || open == std::string::npos || close < open) continue;
    const std::string path = relative(line.substr(open + 1, close - open - 1), root);
    const std::size_t name = line.find_last_of(' ', paren) + 1;
    if (!path.empty()) steps.push_back(line.substr(name, paren - name) + " " + path);
  }
  return steps;
}

long count(const Steps& steps, const std::string& start) {
  return std::count_if(steps.begin(), steps.end(),
                       [&](const std::string& step) { return step.starts_with(start); });
}

std::string inject(const std::string& what, const std::string& log = "/dev/null") {
  const std::string call = what.substr(0, what.find(':'));
  return strace("-e trace=" + call + " -e inject=" + what + " -o " + log) + writer();
}

}  // namespace

TEST_CASE("a put syncs the bytes, then names them, then syncs the name", "[storage][local]") {
  if (skipped_without_strace()) return;
  const TemporaryFolder folder;
  LocalStorage(folder / "root").put("a/b", "old");
  CHECK(steps_of(folder / "root", "put a/c 10") ==
        Steps{"write a/.tmp", "fsync a/.tmp", "fsync .", "renameat a", "fsync a"});
}

TEST_CASE("a put_if_absent renames to a free name, and syncs on both sides", "[storage][local]") {
  if (skipped_without_strace()) return;
  const TemporaryFolder folder;
  LocalStorage(folder / "root").put("a/b", "old");
  CHECK(steps_of(folder / "root", "put_if_absent a/c 10") ==
        Steps{"write a/.tmp", "fsync a/.tmp", "fsync .", "renameat2 a", "fsync a"});
}

TEST_CASE("a put_if_absent that finds the object syncs it all the same", "[storage][local]") {
  if (skipped_without_strace()) return;
  const TemporaryFolder folder;
  LocalStorage(folder / "root").put("a/b", "old");
  CHECK(steps_of(folder / "root", "put_if_absent a/b 10") ==
        Steps{"fsync a/b", "fsync .", "fsync a"});
}

TEST_CASE("every new folder is made durable in the one above it", "[storage][local]") {
  if (skipped_without_strace()) return;
  const TemporaryFolder folder;
  CHECK(steps_of(folder / "root", "put a/b/c 10") ==
        Steps{"mkdirat .", "mkdirat a", "write a/b/.tmp", "fsync a/b/.tmp", "fsync .", "fsync a",
              "renameat a/b", "fsync a/b"});
  // The root's own name, in the folder above it.
  CHECK_THAT(read_file(folder / "root.strace"), Contains("<" + folder.path() + ">) "));
}

TEST_CASE("a batch costs two barriers, whatever its size", "[storage][local]") {
  if (skipped_without_strace()) return;
  const TemporaryFolder folder;
  if (skipped_on_another_file_system(folder)) return;
  const Steps steps = steps_of(folder / "root", "put_many 100");
  CHECK(count(steps, "syncfs") == 2);
  CHECK(count(steps, "fsync") == 0);
  CHECK(count(steps, "renameat2") == 100);
  std::vector<std::string> order;
  for (const std::string& step : steps) {
    const std::string call = step.substr(0, step.find(' '));
    if (call != "mkdirat" && (order.empty() || order.back() != call)) {
      order.push_back(call);
    }
  }
  CHECK(order == std::vector<std::string>{"write", "syncfs", "renameat2", "syncfs"});
}

TEST_CASE("without syncfs a batch syncs each file and folder", "[storage][local]") {
  if (skipped_without_strace()) return;
  const TemporaryFolder folder;
  const Ended ended = run(inject("syncfs:error=ENOSYS") + folder / "root" + " put_many 20");
  CHECK(ended.output == "20 written\n");
  CHECK(LocalStorage(folder / "root").list("").size() == 20);
}

// FUSE's syncfs returns 0 and tells nobody.
TEST_CASE("on an unknown file system a batch syncs each file and folder", "[storage][local]") {
  if (skipped_without_strace()) return;
  const TemporaryFolder folder;
  const std::string log = folder / "log";
  const Ended ended =
      run(strace("-e trace=fsync,syncfs,fstatfs -e inject=fstatfs:error=EIO -o " + log) + writer() +
          folder / "root" + " put_many 20");
  CHECK(ended.output == "20 written\n");
  const std::string calls = read_file(log);
  CHECK_THAT(calls, Contains("fstatfs(") && !Contains("syncfs("));
  std::size_t syncs = 0;
  for (std::size_t at = 0; (at = calls.find("fsync(", at)) != std::string::npos; ++at) ++syncs;
  CHECK(syncs >= 20);
}

TEST_CASE("a failing sync of the bytes is reported, and nothing becomes visible",
          "[storage][local]") {
  if (skipped_without_strace()) return;
  struct Case {
    std::string fault, arguments, says;
  };
  const std::vector<Case> cases{
      {"fsync:error=EIO:when=1", "put a/c 10", "cannot sync '"},
      {"fsync:error=EIO:when=1", "put_if_absent a/c 10", "cannot sync '"},
      {"syncfs:error=EIO:when=1", "put_many 20", "cannot sync the file system of '"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.arguments);
    const TemporaryFolder folder;
    if (c.fault.starts_with("syncfs") && skipped_on_another_file_system(folder)) continue;
    LocalStorage storage(folder / "root");
    storage.put("a/b", "old");
    const Ended ended = run(inject(c.fault) + folder / "root" + " " + c.arguments);
    CHECK(ended.status == 3);
    CHECK_THAT(ended.output, StartsWith("storage_unreachable: " + c.says));
    CHECK_THAT(ended.output,
               Contains("the device reported an input/output error: check the device"));
    CHECK(storage.list("") == Keys{"a/b"});
    CHECK(temporaries_in(folder / "root").empty());
  }
}

TEST_CASE(
    "whichever system call fails, a put is reported, leaves whole objects and can be repeated",
    "[storage][local]") {
  if (skipped_without_strace()) return;
  int reported = 0;
  for (const std::string verb : {"put", "put_if_absent"}) {
    for (const std::string call : {"mkdirat", "fsync", "renameat2", "renameat"}) {
      const TemporaryFolder folder;
      LocalStorage storage(folder / "root");
      for (int nth = 1; nth <= 6; ++nth) {
        CAPTURE(verb, call, nth);
        const Ended ended = run(inject(call + ":error=EIO:when=" + std::to_string(nth)) +
                                folder / "root" + " " + verb + " a/c 10");
        if (ended.status != 0) {
          ++reported;
          CHECK(ended.status == 3);
          CHECK_THAT(ended.output, StartsWith("storage_unreachable: "));
        }
        const std::optional<std::string> left = storage.get("a/c");
        CHECK((left ? *left == std::string(10, 'x') : ended.status != 0));
        CHECK(temporaries_in(folder / "root").empty());
      }
      CHECK(storage.put_if_absent("a/d", "y"));
    }
  }
  CHECK(reported >= 10);  // mkdirat, the fsyncs, and renameat2 or renameat, for either verb
}

// Not by injection: the sanitizers' own write() would be hit first.
TEST_CASE("a write that stops halfway is reported and leaves nothing", "[storage][local]") {
  const TemporaryFolder folder;
  for (const std::string verb : {"put", "put_if_absent"}) {
    const Ended ended = run("trap '' XFSZ; ulimit -f 8; " + writer() + folder / "root" + " " +
                            verb + " a/c 1000000");
    CHECK(ended.status == 3);
    CHECK(ended.output == "storage_refused: cannot write '" + folder / "root/a/c" +
                              "': the file is larger than is allowed: raise the limit (ulimit -f), "
                              "or choose another storage with --storage\n");
  }
  CHECK(LocalStorage(folder / "root").list("").empty());
  CHECK(temporaries_in(folder / "root").empty());
}

TEST_CASE("a writer that is killed leaves the old object or the new, and no lock",
          "[storage][local]") {
  if (skipped_without_strace()) return;
  for (const std::string verb : {"put", "put_if_absent"}) {
    for (const std::string call : {"write", "fsync", "renameat2", "renameat"}) {
      CAPTURE(verb, call);
      const TemporaryFolder folder;
      LocalStorage storage(folder / "root");
      storage.ensure_exists();  // a sanitizer's own write() may be hit before the first mkdir
      run(inject(call + ":signal=KILL:when=1") + folder / "root" + " " + verb + " a/c 10");
      const std::optional<std::string> left = storage.get("a/c");
      CHECK((!left || *left == std::string(10, 'x')));
      CHECK(storage.list("").size() == (left ? 1 : 0));
      CHECK(storage.put_if_absent("a/c", "next") == !left);
    }
  }
}

TEST_CASE("without renameat2, a writer that is killed leaves whole objects too",
          "[storage][local]") {
  if (skipped_without_strace()) return;
  for (const std::string call : {"linkat", "unlinkat"}) {
    CAPTURE(call);
    const TemporaryFolder folder;
    LocalStorage storage(folder / "root");
    run(strace("-e trace=renameat2,linkat,unlinkat -e inject=renameat2:error=EINVAL -e inject=" +
               call + ":signal=KILL:when=1 -o /dev/null") +
        writer() + folder / "root" + " put_if_absent a/c 10");
    const std::optional<std::string> left = storage.get("a/c");
    CHECK(left.has_value() == (call == "unlinkat"));
    CHECK((!left || *left == std::string(10, 'x')));
    CHECK(storage.list("").size() == (left ? 1 : 0));
    CHECK(storage.put_if_absent("a/c", "next") == !left);
  }
}

TEST_CASE("systems without openat2 open folders one by one", "[storage][local]") {
  if (skipped_without_strace()) return;
  const TemporaryFolder folder;
  LocalStorage(folder / "root").put("a/b/c", "old");
  CHECK(run(inject("openat2:error=ENOSYS") + folder / "root" + " get a/b/c").output == "old\n");
  CHECK(run(inject("openat2:error=ENOSYS") + folder / "root" + " get a/x/c").output == "absent\n");
}

TEST_CASE("without renameat2, a link creates if absent; without both it is unsupported",
          "[storage][local]") {
  if (skipped_without_strace()) return;
  const TemporaryFolder folder;
  const std::string root = folder / "root";
  for (const std::string error : {"EINVAL", "ENOSYS"}) {
    CAPTURE(error);
    CHECK(run(inject("renameat2:error=" + error) + root + " put_if_absent a/" + error + " 10")
              .output == "created\n");
    CHECK(LocalStorage(root).get("a/" + error) == std::string(10, 'x'));
  }
  const Ended ended = run(strace("-e trace=linkat,renameat2 -e inject=linkat:error=EPERM -e "
                                 "inject=renameat2:error=EINVAL -o /dev/null") +
                          writer() + root + " put_if_absent a/c 10");
  CHECK(ended.output == "storage_unsupported: cannot create '" + root +
                            "/a/c' only if absent: its file system has neither link(2) nor "
                            "renameat2(2): use one that has, or choose another storage with "
                            "--storage\n");
  CHECK(LocalStorage(root).get("a/c") == std::nullopt);
  CHECK(temporaries_in(root).empty());
}

}  // namespace pet::test
