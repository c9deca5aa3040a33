// TrialProcess: the helper program of a trial, from posix_spawn to its end. What it says are bytes
// here; trial.cpp reads them.
//
// The helper is a ChildProcess with two descriptors: its errors (kept here, the last of them) and, as
// kTrialChannel, the socket on which both talk.
//
// Threads: one; wake() from any, for as long as the object lives. (Inside core/live only.)
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/child_process_posix.hpp"
#include "storage/posix_file.hpp"

namespace pet::trial {

class TrialProcess {
 public:
  using Clock = ChildProcess::Clock;
  enum class Event { kBytes, kEnded, kTimeout, kWoken };

  using Ending = ChildProcess::Ending;

  // Throws kUsage, naming the path, when the system cannot run it.
  TrialProcess(const std::filesystem::path& helper, std::string request);
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
  void start(const std::string& helper);
  void send_more();
  void keep_errors();

  std::string request_;
  std::size_t sent_ = 0;
  posix::FileDescriptor channel_;
  posix::FileDescriptor errors_;
  posix::FileDescriptor wake_;
  std::string error_text_;
  ChildProcess process_;
};

// The directory of the program that this process runs; empty when it cannot be found out.
std::filesystem::path program_directory();

int process_id() noexcept;  // of this process

std::string signal_name(int number);  // "SIGSEGV"

}  // namespace pet::trial
