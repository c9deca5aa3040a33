// process: what the system says of this process, and the signals that ask it to end.
#pragma once

#include <cstdint>

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

}  // namespace pet::tools
