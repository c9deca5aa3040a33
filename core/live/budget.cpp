#include "core/live/budget.hpp"

#include <algorithm>
#include <cstdio>

namespace pet {
namespace {

std::string percent(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %%", 100 * rate);
  return text;
}

std::string shown(std::chrono::nanoseconds time) {
  char text[32];
  const auto count = static_cast<double>(time.count());
  if (count < 1e6) {
    std::snprintf(text, sizeof text, "%.3g us", count / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.3g ms", count / 1e6);
  }
  return text;
}

}  // namespace

std::optional<std::string> Budget::excess(const CallCounts& recent,
                                          const CallCounts& before) const {
  if (recent.calls < min_calls) return std::nullopt;
  const bool is_compared = before.calls >= min_calls;
  const double usual = is_compared ? before.failure_rate() : 0;
  if (recent.failure_rate() > std::max(failure_rate, 2 * usual)) {
    return std::to_string(recent.failures) + " of its last " + std::to_string(recent.calls) +
           " calls failed (" + percent(recent.failure_rate()) + "), allowed are " +
           percent(std::max(failure_rate, 2 * usual));
  }
  if (latency_factor <= 0 || !is_compared) return std::nullopt;
  const std::chrono::nanoseconds median = recent.quantile(0.5);
  const std::chrono::nanoseconds usual_median = before.quantile(0.5);
  const double allowed = latency_factor * static_cast<double>(usual_median.count()) +
                         static_cast<double>(latency_slack.count());
  if (static_cast<double>(median.count()) <= allowed) return std::nullopt;
  return "half of its last " + std::to_string(recent.calls) + " calls took longer than " +
         shown(median) + ", the version before took " + shown(usual_median) + ", allowed are " +
         shown(std::chrono::nanoseconds(static_cast<std::int64_t>(allowed)));
}

}  // namespace pet
