// ChildProcess: a program that was started, until nothing of it is left.
//
//   ChildProcess child;
//   if (const int error = child.start({.program = "/usr/bin/cmake", .arguments = {"--version"},
//                                      .descriptors = {{pipe.get(), STDOUT_FILENO}}})) …
//   … read from the pipe …
//   const bool in_time = child.await_end(deadline);
//   const ChildProcess::Ending ending = child.end();
//
// It is spawned, never forked (a fork hangs while another thread is inside dlopen), with a process group of
// its own, this process's environment, no signal blocked or ignored, and the descriptors given: /dev/null
// where these leave out one of the standard three, and nothing else that is open here.
//
// Threads: one. Lifetime: the destructor ends it. Throws: nothing but std::bad_alloc.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "storage/posix_file.hpp"

namespace pet {

class ChildProcess {
 public:
  using Clock = std::chrono::steady_clock;

  struct Start {
    std::string program;  // a path; nothing is looked for on the PATH
    std::vector<std::string> arguments = {};
    std::vector<std::pair<int, int>> descriptors = {};  // one of this process's, its number there
  };

  struct Ending {
    int signal = 0;  // 0: it ended by itself
    int exit_status = 0;
    bool is_known = true;     // false: somebody else took its status, or SIGCHLD is ignored here
    bool was_killed = false;  // by end()
  };

  ChildProcess() = default;
  ~ChildProcess() { end(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Once. 0, or the errno for which it could not be started.
  [[nodiscard]] int start(const Start& start);

  // Whether it has ended, perhaps with its children still there.
  bool has_ended() const noexcept;
  // … by that time.
  bool await_end(Clock::time_point deadline) const noexcept;
  // To wait for more than its end: readable when it has ended. None (-1) where the kernel has no pidfd;
  // then has_ended() is to be asked every kBetweenLooks.
  int exit_descriptor() const noexcept { return exit_.get(); }
  static constexpr std::chrono::milliseconds kBetweenLooks{20};

  // Kills it, if it has not ended by itself, and all of its group, and reaps it. Says how it ended, also
  // when it is asked again.
  Ending end() noexcept;

  int id() const noexcept { return id_; }  // 0: reaped, or never there

 private:
  enum class State { kAlive, kZombie, kGone };
  State state() const noexcept;

  int id_ = 0;
  Ending ending_;
  posix::FileDescriptor exit_;
};

}  // namespace pet
