// Budget: what a version that answers calls may cost before the one before it is brought back.
//
//   if (std::optional<std::string> excess = budget.excess(recent, before)) roll_back(*excess);
//
// Judged are the calls of the last `window`, once there are enough of them to say anything: a single
// failure of three calls is no rate of 33 %.
//
// Threads: a value and pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/live/call_stats.hpp"

namespace pet {

struct Budget {
  double failure_rate = 0.01;  // above this, and above twice the rate of the version before
  double latency_factor = 3;   // median, beside the version before; 0: not judged
  std::chrono::nanoseconds latency_slack{50'000};  // and this much more: tiny calls jitter
  std::uint64_t min_calls = 50;
  std::chrono::seconds window{30};
  // For so long after its promotion the version before stays loaded, to be back at once.
  std::chrono::seconds probation{600};

  // Why `recent` is beyond the budget, in a sentence; nothing when it is not. `before`: calls of the
  // version before (none: its calls are not compared).
  std::optional<std::string> excess(const CallCounts& recent, const CallCounts& before) const;
};

}  // namespace pet
