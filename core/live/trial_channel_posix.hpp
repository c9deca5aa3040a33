// The helper's end of a trial: its socket, and what it asks of the system before it loads a candidate.
//
// Threads: one. (Inside core/live only.)
// Throws:  kUsage for a program that no Trial has started, kStorageRefused for what the system refuses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/live/trial_frame.hpp"
#include "storage/posix_file.hpp"

namespace pet::trial {

inline constexpr int kTrialChannel = 3;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PET_TRIAL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define PET_TRIAL_SANITIZED 1
#endif
#endif

// Sanitizers reserve terabytes of address space and have handlers of their own for crashes.
#ifdef PET_TRIAL_SANITIZED
inline constexpr bool kMemoryIsLimited = false;
#else
inline constexpr bool kMemoryIsLimited = true;
#endif

class TrialChannel {
 public:
  // Takes over descriptor kTrialChannel.
  TrialChannel();

  void send(std::string_view frame);
  Frame receive(FrameLimits limits);
  // Returns when the other side has ended.
  void await_end();

  int descriptor() const noexcept { return socket_.get(); }

 private:
  posix::FileDescriptor socket_;
};

// Ends this process when the thread that started it does; at once when it is gone already.
void die_with_parent(int parent);

// No core files, and the first one to go where the machine's memory ends.
void be_expendable() noexcept;

// From now on at most that many bytes more than now can be asked for.
void limit_memory(std::uint64_t bytes);

void lift_memory_limit() noexcept;

// How many bytes of those are in use.
std::uint64_t asked_for() noexcept;

// Crashes of this process are told, with asked_for(), before they end it as they would have.
void tell_crashes(const TrialChannel& channel);

// Ends the process; no destructor or handler runs. `why` is for the service, which reads standard error.
[[noreturn]] void leave(int exit_status, std::string_view why = {}) noexcept;

}  // namespace pet::trial
