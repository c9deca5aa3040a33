#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "core/live/file_events_posix.hpp"
#include "tests/await.hpp"
#include "tests/storage/temporary_folder.hpp"

using namespace pet;
using namespace pet::test;
namespace fs = std::filesystem;

namespace {

FileEvents::Place file(const std::string& path) { return {FileEvents::Kind::kFile, path}; }
FileEvents::Place folder(const std::string& path) { return {FileEvents::Kind::kFolder, path}; }

// Of this process.
int count_watches() {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) count += line.starts_with("inotify wd:");
  }
  return count;
}

}  // namespace

TEST_CASE("a file that is written or exchanged is heard of, its neighbours are not",
          "[live][files]") {
  const TemporaryFolder here;
  const std::string config = here / "iris.json";
  FileEvents events;
  events.listen({file(config)});
  CHECK_FALSE(events.heard());
  SECTION("it appears") { write_file(config, "{}"); }
  SECTION("it is written again") {
    write_file(config, "{}");
    CHECK(events.heard());
    write_file(config, "{ }");
  }
  SECTION("another takes its name") {
    write_file(here / "new", "{}");
    CHECK_FALSE(events.heard());
    fs::rename(here / "new", config);
  }
  SECTION("a link takes its name") {
    write_file(here / "new", "{}");
    fs::create_symlink("new", config);
  }
  SECTION("a file gets its name as a second one") {
    write_file(here / "new", "{}");
    fs::create_hard_link(here / "new", config);
  }
  CHECK(events.heard());
  CHECK_FALSE(events.heard());  // each once
}

TEST_CASE("a file is heard of when it appears, and when it is complete", "[live][files]") {
  const TemporaryFolder here;
  FileEvents events;
  events.listen({file(here / "iris.json")});
  std::ofstream out(here / "iris.json");
  CHECK(events.heard());  // which may as well be all: a link to one that is complete
  out << "{" << std::flush;
  CHECK_FALSE(events.heard());
  out.close();
  CHECK(events.heard());
}

TEST_CASE("a file is heard of when a folder above it is exchanged", "[live][files]") {
  const TemporaryFolder here;
  for (const char* const release : {"current", "next"}) {
    write_file(here / release + "/conf/iris.json", "{}");
  }
  FileEvents events;
  events.listen({file(here / "current/conf/iris.json")});
  CHECK_FALSE(events.heard());
  fs::rename(here / "current", here / "old");
  CHECK(events.heard());
  fs::rename(here / "next", here / "current");
  CHECK(events.heard());
  events.listen({file(here / "current/conf/iris.json")});
  write_file(here / "old/conf/iris.json", "{ }");
  CHECK_FALSE(events.heard());  // no longer meant
  write_file(here / "current/conf/iris.json", "{ }");
  CHECK(events.heard());
}

TEST_CASE("a file is heard of when a link on the way to it is exchanged", "[live][files]") {
  // As configs are mounted: iris.json -> ..data/iris.json, ..data -> ..1
  const TemporaryFolder here;
  write_file(here / "..1/iris.json", "{}");
  write_file(here / "..2/iris.json", "{}");
  fs::create_symlink("..1", here / "..data");
  fs::create_symlink("..data/iris.json", here / "iris.json");
  FileEvents events;
  events.listen({file(here / "iris.json")});
  fs::create_symlink("..2", here / "..new");
  CHECK_FALSE(events.heard());
  fs::rename(here / "..new", here / "..data");
  CHECK(events.heard());
  events.listen({file(here / "iris.json")});
  write_file(here / "..1/iris.json", "{ }");
  CHECK_FALSE(events.heard());  // no longer meant
  write_file(here / "..2/iris.json", "{ }");
  CHECK(events.heard());
}

TEST_CASE("links in a circle are no error", "[live][files]") {
  const TemporaryFolder here;
  fs::create_symlink("b", here / "a");
  fs::create_symlink("a", here / "b");
  FileEvents events;
  events.listen({file(here / "a")});
  fs::remove(here / "a");
  write_file(here / "a", "{}");
  CHECK(events.heard());
}

TEST_CASE("a folder that gets a file is heard of, temporaries are not", "[live][files]") {
  const TemporaryFolder here;
  FileEvents events;
  events.listen({folder(here.path())});
  write_file(here / ".tmp-1", "{}");
  CHECK_FALSE(events.heard());
  fs::create_hard_link(here / ".tmp-1", here / "0000000001.json");
  CHECK(events.heard());
  fs::rename(here / ".tmp-1", here / "0000000002.json");
  CHECK(events.heard());
}

TEST_CASE("a folder that is not there yet, or goes and comes back, is heard of", "[live][files]") {
  const TemporaryFolder here;
  const std::string log = here / "pets/plugins/Stamp/log";
  FileEvents events;
  const auto hears = [&] {
    const bool heard = events.heard();
    events.listen({folder(log)});  // as the next poll does
    return heard;
  };
  hears();
  for (const char* const part : {"pets", "pets/plugins", "pets/plugins/Stamp"}) {
    CAPTURE(part);
    write_file(here / "neighbour", "{}");
    CHECK_FALSE(hears());
    fs::create_directory(here / part);
    CHECK(hears());
  }
  fs::create_directory(log);
  CHECK(hears());
  write_file(log + "/1.json", "{}");
  CHECK(hears());
  CHECK_FALSE(hears());
  SECTION("removed") { fs::remove_all(here / "pets"); }
  SECTION("moved away with all above it, of which nobody tells") {
    fs::rename(here / "pets", here / "old");
    hears();
  }
  SECTION("a file is in the way") {
    fs::remove_all(log);
    CHECK(hears());
    write_file(log, "");
    CHECK(hears());
    fs::remove(log);
  }
  hears();
  fs::create_directories(log);
  CHECK(hears());
  write_file(log + "/1.json", "{}");
  CHECK(hears());
}

TEST_CASE("a burst is one change, and a busy neighbour none", "[live][files]") {
  const TemporaryFolder here;
  FileEvents events;
  events.listen({file(here / "iris.json")});
  for (int i = 0; i < 100; ++i) write_file(here / "iris.json", std::to_string(i));
  CHECK(events.heard());
  CHECK_FALSE(events.heard());
  for (int i = 0; i < 1000; ++i) write_file(here / "neighbour" + std::to_string(i % 2), "");
  while (events.heard()) FAIL("nothing has happened to it");
}

TEST_CASE("who hears nothing any more hears of what it listens to now", "[live][files]") {
  const TemporaryFolder here;
  fs::create_directory(here / "a");
  fs::create_directory(here / "b");
  FileEvents events;
  events.listen({folder(here / "a")});
  events.listen({folder(here / "b")});
  write_file(here / "a/1", "");
  CHECK_FALSE(events.heard());
  write_file(here / "b/1", "");
  CHECK(events.heard());
  events.listen({folder("/proc/self/no such folder"), file("")});  // no error
  CHECK_FALSE(events.heard());
}

TEST_CASE("who asks what was heard waits for nobody who listens", "[live][files]") {
  // Paths that take long to look at: links, each through many folders.
  const TemporaryFolder here;
  fs::create_directory(here / "a");
  std::string far = here.path();
  for (int i = 0; i < 700; ++i) far += "/a/..";
  for (int i = 0; i < 30; ++i) {
    fs::create_symlink(far + "/" + std::to_string(i + 1), here / std::to_string(i));
  }
  fs::create_directory(here / "last");
  // As many as it takes to be seen at it on a machine that is busy.
  bool was_at_it = false;
  for (std::size_t many = 8; !was_at_it && many <= 8 << 7; many *= 2) {
    std::vector<FileEvents::Place> places(many, file(here / "0"));
    places.push_back(folder(here / "last"));
    FileEvents events;
    std::jthread listener([&] { events.listen(places); });
    await("it to listen", [] { return count_watches() > 0; });
    CHECK_FALSE(events.heard());
    const int then = count_watches();
    listener.join();
    was_at_it = then < count_watches();  // it had not come to the last place
  }
  CHECK(was_at_it);
}

TEST_CASE("a busy folder above a file overruns nobody", "[live][files]") {
  const TemporaryFolder here;
  write_file(here / "conf/iris.json", "{}");
  int queue = 0;
  REQUIRE(std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queue);
  FileEvents events;
  events.listen({file(here / "conf/iris.json")});
  const std::string busy[] = {here / "a", here / "b"};
  for (int i = 0; i < queue + 8; ++i) std::ofstream(busy[i % 2]) << i;
  for (int i = 0; i < queue / 1024; ++i) REQUIRE_FALSE(events.heard());  // a part of it at a time
  write_file(here / "conf/iris.json", "{ }");
  CHECK(events.heard());
}
