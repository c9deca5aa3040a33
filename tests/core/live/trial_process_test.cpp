// What trials leave behind, how they are stopped, and helpers that are none.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/live/trial.hpp"
#include "core/live/trial_frame.hpp"
#include "core/live/trial_process_posix.hpp"
#include "storage/error.hpp"
#include "storage/posix_file.hpp"
#include "tests/core/live/trial_site.hpp"
#include "tests/core/loader/loading.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;

namespace {

struct Misbehaving : TrialSite {
  TrialRequest candidate(const std::string& when, const std::string& how) const {
    return request(node("Misbehaves", hash, behaviour(when, how)), 2);
  }
  std::string hash = add("misbehaves");
};

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

bool has_children() { return ::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD; }

constexpr int kPatience = 60'000;  // milliseconds, for what takes a few; then the test fails

bool is_readable(int descriptor) {
  pollfd waiting{descriptor, POLLIN, 0};
  return ::poll(&waiting, 1, kPatience) == 1;
}

// Killed is not yet dead. A process that nobody has reaped yet is.
bool dies(int pid) {
  const posix::FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  return process ? is_readable(process.get()) : errno == ESRCH;
}

// Through which a candidate says which process the test is to look for.
class Told {
 public:
  explicit Told(std::string pipe) : pipe_(std::move(pipe)) {
    REQUIRE(::mkfifo(pipe_.c_str(), 0600) == 0);
    descriptor_ = posix::FileDescriptor(::open(pipe_.c_str(), O_RDWR | O_CLOEXEC));
    ::setenv("PET_MISBEHAVE_FILE", pipe_.c_str(), 1);
  }
  ~Told() { ::unsetenv("PET_MISBEHAVE_FILE"); }

  // Once it has; 0 when it never does.
  int process() const {
    char text[32]{};
    if (!is_readable(descriptor_.get())) return 0;
    [[maybe_unused]] const ssize_t got = ::read(descriptor_.get(), text, sizeof text - 1);
    return std::atoi(text);
  }

 private:
  const std::string pipe_;
  posix::FileDescriptor descriptor_;
};

// A program of the test's own in place of the helper.
std::string script(const TrialSite& site, const std::string& lines) {
  const std::string path = site.folder / "helper";
  write_file(path, "#!/bin/sh\n" + lines + "\n");
  ::chmod(path.c_str(), 0755);
  return path;
}

}  // namespace

TEST_CASE("a trial is cancelled at once, and says nothing of the candidate", "[live][trial]") {
  const Misbehaving site;
  const Told told(site.folder / "told");
  std::stop_source stop;
  std::jthread canceller([&] {
    told.process();  // it hangs
    stop.request_stop();
  });
  // The limits are hours: only the cancellation ends it.
  const TrialLimits limits{.time = std::chrono::hours(2), .call = std::chrono::hours(2)};
  const TrialReport report =
      Trial(PET_TRIAL_PROGRAM, limits).run(site.candidate("warm", "told_hang"), stop.get_token());
  CHECK(report.cancelled);
  CHECK(!report.passed);
  CHECK(report.reason == "cancelled in warm");
  CHECK(!has_children());

  const TrialReport before =
      Trial(PET_TRIAL_PROGRAM, limits).run(site.candidate("never", ""), stop.get_token());
  CHECK(before.cancelled);
}

TEST_CASE("a helper that cannot be had is an error, and no rejection", "[live][trial]") {
  const Misbehaving site;
  write_file(site.folder / "plain", "no program");
  const struct {
    std::string helper;
    const char* why;
  } cases[] = {
      {site.folder / "absent", "No such file or directory"},
      {site.folder / "plain", "Permission denied"},
      {"/bin/false", "it ended at once, with exit status 1"},
      {"/bin/cat", "it ended at once, with exit status 0"},
      {script(site, "echo not here >&2; kill -9 $$"), "it crashed (SIGKILL)\n  it said: not here"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.helper);
    const Error error = error_of([&] { Trial(c.helper).run(site.candidate("never", "")); });
    CHECK(error.code() == ErrorCode::kUsage);
    CHECK(error.key() == c.helper);
    CHECK_THAT(error.what(), Contains("'" + c.helper + "'"));
    CHECK_THAT(error.what(), Contains(c.why));
    CHECK_THAT(error.what(), Contains("try: install pet-trial beside the program"));
  }
  CHECK(!has_children());
}

TEST_CASE("a helper refuses the request of another release", "[live][trial]") {
  const struct {
    ParamObject request;
    const char* why;
  } cases[] = {
      {{{"pet_trial", std::int64_t{2}}},
       "this helper speaks protocol 1, the program that started it 2: it is of another release"},
      {{{"cache", std::int64_t{0}}}, "the program that started it none"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.why);
    trial::TrialProcess helper(PET_TRIAL_PROGRAM, trial::to_bytes(c.request));
    const auto deadline = trial::TrialProcess::Clock::now() + std::chrono::seconds(60);
    std::string bytes;
    while (helper.wait(deadline, bytes) == trial::TrialProcess::Event::kBytes) {
    }
    const trial::TrialProcess::Ending ending = helper.end();
    CHECK(ending.exit_status == 2);
    CHECK_THAT(helper.last_error_line(), Contains(c.why));
  }
}

TEST_CASE("a helper that talks rubbish is stopped after a bounded number of bytes",
          "[live][trial]") {
  const Misbehaving site;
  const std::string broken_hello = R"(printf 'PETt\016\0\0\0\0\0\0\0\0\0\0\0{"pet_trial":1' >&3; )";
  const std::string good_hello = R"(printf 'PETt\017\0\0\0\0\0\0\0\0\0\0\0{"pet_trial":1}' >&3; )";
  const std::string begins =
      good_hello + R"(printf 'PETt\036\0\0\0\0\0\0\0\0\0\0\0{"phase": "load", "number": 0}' >&3; )";
  const struct {
    std::string says;
    const char* why;  // of the error
  } strangers[] = {
      {"yes >&3", "expected a frame"},
      {"yes PETt >&3", "expected a frame of at most"},
      {R"(printf 'PETt\002\0\0\0\0\0\0\0\0\0\0\0[]' >&3)", "expected a frame's head"},
      {R"(printf 'PETt\017\0\0\0\0\0\0\0\0\0\0\0{"pet_trial":2}' >&3)",
       "expected protocol 1, it speaks 2: it is of another release than this program"},
      {broken_hello, "a frame's head"},
      {good_hello + "exit 3", "it ended at once, with exit status 3"},
      {good_hello + "yes >&3", "expected a frame"},
  };
  for (const auto& c : strangers) {
    CAPTURE(c.says);
    const Error error =
        error_of([&] { Trial(script(site, c.says)).run(site.candidate("never", "")); });
    CHECK(error.code() == ErrorCode::kUsage);
    CHECK_THAT(error.what(), Contains(c.why));
  }
  const struct {
    std::string says;
    const char* why;  // of the rejection
  } liars[] = {
      {"yes >&3", "expected a frame"},
      {R"(printf 'PETt\015\0\0\0\0\0\0\0\0\0\0\0{"done":true}' >&3)", "has no place there"},
      {R"(printf 'PETt\041\0\0\0\0\0\0\0\0\0\0\0{"phase": "destroy", "number": 0}' >&3
          printf 'PETt\015\0\0\0\0\0\0\0\0\0\0\0{"done":true}' >&3)",
       "has no place there"},
      {R"(printf 'PETt\036\0\0\0\0\0\0\0\0\0\0\0{"phase": "call", "number": 2}' >&3)",
       "a step out of order"},
      {R"(printf 'PETt\037\0\0\0\0\0\0\0\0\0\0\0{"answer": 1, "nanoseconds": 1}' >&3)",
       "an answer that was not asked for"},
      {R"(printf 'PETt\050\0\0\0\377\377\377\377\377\377\377\177{}' >&3)", "a frame of at most"},
      {"exec 3>&-; sleep 3600", "closed its connection"},
  };
  for (const auto& c : liars) {
    CAPTURE(c.says);
    const TrialReport report =
        Trial(script(site, begins + c.says)).run(site.candidate("never", ""));
    CHECK(!report.passed);
    CHECK_THAT(report.reason, Contains(c.why));
  }
  CHECK(!has_children());
}

TEST_CASE("what a cache has not says nothing of the candidate", "[live][trial]") {
  TrialSite site;
  const std::string hash = site.add("learning_filter");
  const std::string absent(64, 'a');
  const std::string configs[] = {
      node("LearningFilter", absent),
      node("LearningFilter", hash, "{}", R"(, "state_hash": ")" + absent + '"'),
  };
  for (const std::string& config : configs) {
    const Error error = error_of([&] { site.try_it(site.request(config)); });
    CHECK(error.code() == ErrorCode::kVersionNotFound);
    CHECK_THAT(error.what(), Contains("aaaaaa"));
  }
}

TEST_CASE("a service that ignores its children's ends can try candidates", "[live][trial]") {
  const Misbehaving site;
  ::signal(SIGCHLD, SIG_IGN);
  const TrialReport good = site.try_it(site.candidate("never", ""));
  const TrialReport bad = site.try_it(site.candidate("call", "crash"));
  ::signal(SIGCHLD, SIG_DFL);
  CHECK(good.reason == "");
  CHECK(bad.reason == "crashed or ended the process in call 1 of 2");
  CHECK(!has_children());
}

TEST_CASE("what a candidate prints disturbs nothing", "[live][trial]") {
  const Misbehaving site;
  const TrialReport report = site.try_it(site.candidate("call", "print"));
  CHECK(report.reason == "");
  CHECK(report.passed);
}

TEST_CASE("[the service of the test after this]", "[.service]") {
  const Misbehaving site;
  site.try_it(site.candidate("warm", "told_hang"));
}

TEST_CASE("a helper does not outlive its service", "[live][trial]") {
  const TemporaryFolder folder;
  const Told told(folder / "told");
  char* const arguments[] = {const_cast<char*>("service"), const_cast<char*>("[.service]"),
                             nullptr};
  pid_t service = 0;
  REQUIRE(::posix_spawn(&service, "/proc/self/exe", nullptr, nullptr, arguments, environ) == 0);
  const int helper = told.process();
  REQUIRE(helper > 0);
  CHECK(::kill(helper, 0) == 0);
  ::kill(service, SIGKILL);
  ::waitpid(service, nullptr, 0);
  CHECK(dies(helper));
}

TEST_CASE("what a candidate started ends with its trial", "[live][trial]") {
  const Misbehaving site;
  const Told told(site.folder / "told");
  const TrialReport report = site.try_it(site.candidate("warm", "child"));
  CHECK(report.reason == "");
  const int child = told.process();
  REQUIRE(child > 0);
  CHECK(dies(child));
}

TEST_CASE("trials beside threads that load and unload libraries leave nothing behind",
          "[live][trial]") {
  const Misbehaving site;
  site.try_it(site.candidate("never", ""));
  const std::size_t before = open_descriptors();
  std::atomic<bool> over{false};
  std::vector<std::jthread> loaders;
  for (const char* const name : {"good_filter", "learning_filter"}) {
    loaders.emplace_back([&over, file = fixture_path(name)] {
      while (!over) {
        if (void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) ::dlclose(library);
      }
    });
  }
  std::atomic<int> passed{0};
  std::atomic<int> crashed{0};
  std::vector<std::jthread> triers;
  for (int thread = 0; thread < 4; ++thread) {
    triers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const bool good = i % 5 != 0;
        const TrialReport report =
            site.try_it(good ? site.candidate("never", "") : site.candidate("call", "crash"));
        if (report.passed) ++passed;
        if (report.reason.starts_with("crashed (SIGSEGV) in call 1 of 2")) ++crashed;
      }
    });
  }
  triers.clear();
  over = true;
  loaders.clear();
  CHECK(passed == 160);
  CHECK(crashed == 40);
  CHECK(open_descriptors() == before);
  CHECK(!has_children());
}

TEST_CASE("no descriptor of the service is open in the helper", "[live][trial]") {
  const Misbehaving site;
  const std::string list = site.folder / "list";
  // Without O_CLOEXEC, as others' code has them.
  const int leaky = ::open("/dev/null", O_RDONLY);
  const int high = ::fcntl(leaky, F_DUPFD, 77);
  const std::string helper = script(site, "ls /proc/$$/fd > '" + list + "'");
  error_of([&] { Trial(helper).run(site.candidate("never", "")); });
  ::close(leaky);
  ::close(high);
  std::ifstream file(list);
  std::set<int> open;
  for (int fd = 0; file >> fd;) {
    if (fd < 10 || fd >= 77) open.insert(fd);  // the shell's own are from 10 on
  }
  CHECK(open == std::set<int>{0, 1, 2, 3});
}

TEST_CASE("[a program that says where its helper is]", "[.where]") {
  std::ofstream(std::getenv("PET_TEST_WHERE")) << Trial::default_helper().string();
}

TEST_CASE("the helper is looked for in the environment, beside the program, where it is installed",
          "[live][trial]") {
  namespace fs = std::filesystem;
  const TemporaryFolder prefix;
  const std::string program = prefix / "bin/program";
  const std::string answer = prefix / "answer";
  const std::string installed = prefix / "libexec/petfactory/pet-trial";
  const std::string beside = prefix / "bin/pet-trial";
  fs::create_directory(prefix / "bin");
  fs::copy("/proc/self/exe", program);
  ::setenv("PET_TEST_WHERE", answer.c_str(), 1);
  const auto found = [&] {
    char* const arguments[] = {const_cast<char*>("program"), const_cast<char*>("[.where]"),
                               nullptr};
    pid_t child = 0;
    REQUIRE(::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ) == 0);
    ::waitpid(child, nullptr, 0);
    return read_file(answer);
  };
  ::unsetenv("PET_TRIAL_HELPER");
  CHECK(found() == beside);  // which is what a message names then
  write_file(installed, "");
  CHECK(found() == installed);
  write_file(beside, "");
  CHECK(found() == beside);
  ::setenv("PET_TRIAL_HELPER", "/opt/own-trial", 1);
  CHECK(found() == "/opt/own-trial");
  ::unsetenv("PET_TRIAL_HELPER");
  ::unsetenv("PET_TEST_WHERE");
}
