// Runs shell commands.
#pragma once

#include <stdio.h>
#include <sys/wait.h>

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

}  // namespace pet::test
