// Runs storage_writer in a process of its own, under strace if asked.
#pragma once

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

namespace pet::test {

struct Ended {
  int status = -1;  // exit status; 128 + signal when killed
  std::string output;
};

// One running shell command.
class Process {
 public:
  explicit Process(const std::string& command) : pipe_(::popen((command + " 2>&1").c_str(), "r")) {
    if (pipe_ == nullptr) throw std::runtime_error("cannot run " + command);
  }
  ~Process() {
    if (pipe_ != nullptr) ::pclose(pipe_);
  }
  Process(Process&& other) noexcept : pipe_(std::exchange(other.pipe_, nullptr)) {}
  Process& operator=(Process&&) = delete;

  Ended wait() {
    Ended ended;
    char buffer[4096];
    while (const std::size_t got = ::fread(buffer, 1, sizeof buffer, pipe_)) {
      ended.output.append(buffer, got);
    }
    const int status = ::pclose(std::exchange(pipe_, nullptr));
    ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ended;
  }

 private:
  FILE* pipe_;
};

inline Ended run(const std::string& command) { return Process(command).wait(); }

// The sanitizers' leak check does not work under ptrace.
inline std::string strace(const std::string& options) {
  return "ASAN_OPTIONS=detect_leaks=0 LSAN_OPTIONS=detect_leaks=0 strace -f -qq " + options + " ";
}

// Whether strace is there and may trace here.
inline bool has_strace() {
  static const bool has = run(strace("-e trace=none -o /dev/null") + "true").status == 0;
  return has;
}

// Whether a test without strace fails: where all tests are run (tools/test), nothing is skipped quietly.
inline bool requires_strace() {
  const char* value = std::getenv("PET_REQUIRE_STRACE");
  return value != nullptr && *value != '\0';
}

// The command line of storage_writer, at the least as a user who is not root: root may do
// everything.
inline std::string writer() { return std::string(PET_STORAGE_WRITER) + " "; }
inline std::string unprivileged_writer() {
  return ::geteuid() == 0 ? writer() + "--as 65534 " : writer();
}

}  // namespace pet::test
