#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <string>

#include "core/child_process_posix.hpp"

namespace pet::test {
namespace {

using posix::FileDescriptor;

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    reading = FileDescriptor(ends[0]);
    writing = FileDescriptor(ends[1]);
  }
  // All that is written, until nobody can write any more.
  std::string read_all() {
    writing = FileDescriptor();
    std::string text;
    char bytes[4096];
    for (ssize_t got; (got = ::read(reading.get(), bytes, sizeof bytes)) > 0;) {
      text.append(bytes, static_cast<std::size_t>(got));
    }
    return text;
  }
  FileDescriptor reading;
  FileDescriptor writing;
};

ChildProcess::Start shell(const std::string& lines, std::vector<std::pair<int, int>> descriptors) {
  return {.program = "/bin/sh", .arguments = {"-c", lines}, .descriptors = std::move(descriptors)};
}

ChildProcess::Clock::time_point in_an_hour() {
  return ChildProcess::Clock::now() + std::chrono::hours(1);
}

TEST_CASE("a child has the descriptors that it was given, and its ending is told", "[core]") {
  Pipe out;
  Pipe more;
  ChildProcess child;
  REQUIRE(child.start(shell("echo said; echo more >&3; cat; exit 7",
                            {{out.writing.get(), STDOUT_FILENO}, {more.writing.get(), 3}})) == 0);
  CHECK(out.read_all() == "said\n");  // and cat has nothing to read
  CHECK(more.read_all() == "more\n");
  CHECK(child.await_end(in_an_hour()));
  const ChildProcess::Ending ending = child.end();
  CHECK(ending.exit_status == 7);
  CHECK(ending.signal == 0);
  CHECK(ending.is_known);
  CHECK_FALSE(ending.was_killed);
  CHECK(child.end().exit_status == 7);
}

TEST_CASE("descriptors may trade numbers", "[core]") {
  Pipe a;
  Pipe b;
  ChildProcess child;
  const int lower = std::min(a.writing.get(), b.writing.get());
  const int higher = std::max(a.writing.get(), b.writing.get());
  REQUIRE(child.start(shell("echo to-" + std::to_string(lower) + " > /proc/self/fd/" +
                                std::to_string(lower) + "; echo to-" + std::to_string(higher) +
                                " > /proc/self/fd/" + std::to_string(higher),
                            {{lower, higher}, {higher, lower}})) == 0);
  Pipe& low = lower == a.writing.get() ? a : b;
  Pipe& high = lower == a.writing.get() ? b : a;
  CHECK(low.read_all() == "to-" + std::to_string(higher) + "\n");
  CHECK(high.read_all() == "to-" + std::to_string(lower) + "\n");
}

TEST_CASE("what is not there, or no program, is an errno", "[core]") {
  for (const auto& [program, error] : {std::pair{"/no/such/program", ENOENT}, {"/etc", EACCES}}) {
    ChildProcess child;
    CHECK(child.start({.program = program}) == error);
    CHECK(child.has_ended());
    CHECK_FALSE(child.end().was_killed);
  }
}

TEST_CASE("a child that does not end is killed with all that it has started", "[core]") {
  Pipe out;
  ChildProcess child;
  REQUIRE(child.start(
              shell("sleep 3600 & echo started; wait", {{out.writing.get(), STDOUT_FILENO}})) == 0);
  char first = 0;
  REQUIRE(::read(out.reading.get(), &first, 1) == 1);
  CHECK_FALSE(child.has_ended());
  CHECK_FALSE(child.await_end(ChildProcess::Clock::now()));
  const ChildProcess::Ending ending = child.end();
  CHECK(ending.was_killed);
  CHECK(ending.signal == SIGKILL);
  CHECK(out.read_all() == "tarted\n");  // ends when nobody has the pipe any more
}

TEST_CASE("signals that this process blocks or ignores are neither in its child", "[core]") {
  ::signal(SIGTERM, SIG_IGN);
  sigset_t set;
  sigset_t before;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &set, &before);
  ChildProcess child;
  const int error = child.start(shell("kill -TERM $$; exit 3", {}));
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGTERM, SIG_DFL);
  REQUIRE(error == 0);
  CHECK(child.await_end(in_an_hour()));
  CHECK(child.end().signal == SIGTERM);
}

TEST_CASE("where ends of children are ignored, that there was one is all that is known", "[core]") {
  ::signal(SIGCHLD, SIG_IGN);
  ChildProcess child;
  const int error = child.start(shell("exit 3", {}));
  const bool has_ended = error == 0 && child.await_end(in_an_hour());
  const ChildProcess::Ending ending = child.end();
  ::signal(SIGCHLD, SIG_DFL);
  REQUIRE(error == 0);
  CHECK(has_ended);
  CHECK_FALSE(ending.is_known);
}

}  // namespace
}  // namespace pet::test
