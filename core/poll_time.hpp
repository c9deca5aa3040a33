// poll_time: what is left until a deadline, as poll(2) wants it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace pet {

// In milliseconds, 0 when the deadline has passed, an hour at most: who waits looks at the clock again.
inline int poll_time(std::chrono::steady_clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

}  // namespace pet
