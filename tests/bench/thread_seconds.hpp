// The processor's time of this thread: what another thread does meanwhile must not be in it.
#pragma once

#include <ctime>

namespace pet::bench {

inline double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace pet::bench
