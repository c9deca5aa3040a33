// TrialProcess: the helper program of a trial, from posix_spawn to its end. What it says are bytes
// here; trial.cpp reads them.
//
// The helper has a process group of its own, this process's environment, no signal blocked or ignored,
// /dev/null as its input and output, and two descriptors more: its errors (kept here, the last of them)
// and, as kTrialChannel, the socket on which both talk.
//
// Threads: one; wake() from any, for as long as the object lives. (Inside core/live only.)
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "storage/posix_file.hpp"

namespace pet::trial {

class TrialProcess {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Event { kBytes, kEnded, kTimeout, kWoken };

  struct Ending {
    int signal = 0;  // 0: it ended by itself
    int exit_status = 0;
    bool is_known = true;     // false: somebody else took its status, or SIGCHLD is ignored here
    bool was_killed = false;  // by end()
  };

  // Throws kUsage, naming the path, when the system cannot run it.
  TrialProcess(std::filesystem::path helper, std::string request);
  ~TrialProcess() { end(); }
  TrialProcess(const TrialProcess&) = delete;
  TrialProcess& operator=(const TrialProcess&) = delete;

  // Waits for the next thing to happen, sending the request meanwhile. kBytes: `bytes` has them.
  // kEnded: it is dead or has closed its side, and all that it said was given before.
  Event wait(Clock::time_point deadline, std::string& bytes);

  void wake() noexcept;  // wait() returns kWoken, now or at once when it is called

  // Ends it, if it has not ended by itself, with all of its group, and reaps it. Says how it ended.
  Ending end() noexcept;

  // Resident bytes at most, as the kernel counts them; 0 when it cannot be asked any more.
  std::uint64_t peak_memory() const;

  // The last line that it wrote to its standard error.
  std::string last_error_line() const;

 private:
  void spawn();
  void open_channels();
  void send_more();
  void keep_errors();
  enum class State { kAlive, kZombie, kGone };
  State state() const noexcept;
  void await_death() const noexcept;

  std::filesystem::path helper_;
  std::string request_;
  std::size_t sent_ = 0;
  int pid_ = 0;  // 0: reaped, or never there
  Ending ending_;
  posix::FileDescriptor channel_;
  posix::FileDescriptor errors_;
  posix::FileDescriptor wake_;
  posix::FileDescriptor exit_;            // the process's; none where the kernel has no pidfd
  posix::FileDescriptor childs_channel_;  // until it is spawned
  posix::FileDescriptor childs_errors_;
  std::string error_text_;
};

// The directory of the program that this process runs; empty when it cannot be found out.
std::filesystem::path program_directory();

int process_id() noexcept;  // of this process

std::string signal_name(int number);  // "SIGSEGV"

}  // namespace pet::trial
