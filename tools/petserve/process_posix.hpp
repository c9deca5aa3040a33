// process: what the system says of this process, and the signals that ask it to end.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>

namespace pet::tools {

// In bytes; 0 where the system does not say.
std::uint64_t resident_memory();

bool is_terminal_stderr();

// SIGTERM and SIGINT as bytes that can be read. REQUIRES: made before any other thread, which then
// do not get them.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// While it lives this process has to end by itself: after `limit`, or at a byte in `stop`, `on_late` is called,
// and the process left with status 0. Nothing is flushed: what hangs may hold a FILE.
class EndLimit {
 public:
  enum class Late { kSignal, kTime };

  EndLimit(int stop, std::chrono::milliseconds limit, std::function<void(Late)> on_late);
  ~EndLimit();
  EndLimit(const EndLimit&) = delete;
  EndLimit& operator=(const EndLimit&) = delete;

 private:
  int ended_ = -1;  // can be read when it is over
  std::thread thread_;
};

}  // namespace pet::tools
