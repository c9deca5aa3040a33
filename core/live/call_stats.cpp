#include "core/live/call_stats.hpp"

#include <algorithm>
#include <bit>

namespace pet {
namespace {

// Which of the places this thread counts in: threads take turns.
std::size_t place_of_this_thread() noexcept {
  static constinit std::atomic<std::size_t> next{0};
  thread_local const std::size_t place = next.fetch_add(1, std::memory_order_relaxed);
  return place;
}

}  // namespace

// Below 8 ns a bucket is a nanosecond; from there on the three bits below the highest one tell the
// eighths of a power of two apart.
std::size_t CallCounts::bucket_of(std::chrono::nanoseconds duration) noexcept {
  const auto time = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  if (time < kSteps) return static_cast<std::size_t>(time);
  const auto power = static_cast<std::size_t>(std::bit_width(time)) - 1;  // >= 3
  const auto eighth = static_cast<std::size_t>((time >> (power - 3)) & (kSteps - 1));
  return std::min((power - 2) * kSteps + eighth, kBuckets - 1);
}

std::chrono::nanoseconds CallCounts::end_of(std::size_t bucket) noexcept {
  if (bucket < kSteps) return std::chrono::nanoseconds(bucket + 1);
  const std::size_t power = bucket / kSteps + 2;
  const std::size_t eighth = bucket % kSteps;
  return std::chrono::nanoseconds((kSteps + eighth + 1) << (power - 3));
}

std::chrono::nanoseconds CallCounts::quantile(double share) const noexcept {
  const double wanted = share * static_cast<double>(calls);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += durations[bucket];
    if (seen > 0 && static_cast<double>(seen) >= wanted) return end_of(bucket);
  }
  return std::chrono::nanoseconds(0);
}

CallCounts& CallCounts::operator+=(const CallCounts& other) noexcept {
  calls += other.calls;
  failures += other.failures;
  nanoseconds += other.nanoseconds;
  for (std::size_t i = 0; i < kBuckets; ++i) durations[i] += other.durations[i];
  return *this;
}

CallCounts operator-(CallCounts now, const CallCounts& before) noexcept {
  now.calls -= before.calls;
  now.failures -= before.failures;
  now.nanoseconds -= before.nanoseconds;
  for (std::size_t i = 0; i < CallCounts::kBuckets; ++i) now.durations[i] -= before.durations[i];
  return now;
}

void CallStats::record(std::chrono::nanoseconds duration, CallOutcome outcome) noexcept {
  Place& place = places_[place_of_this_thread() % kPlaces];
  const auto time = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  // The failure first: a rate is never below the truth.
  if (outcome == CallOutcome::kFailed) place.failures.fetch_add(1, std::memory_order_relaxed);
  place.nanoseconds.fetch_add(time, std::memory_order_relaxed);
  place.durations[CallCounts::bucket_of(duration)].fetch_add(1, std::memory_order_release);
}

CallCounts CallStats::counts() const noexcept {
  CallCounts sum;
  for (const Place& place : places_) {
    for (std::size_t i = 0; i < CallCounts::kBuckets; ++i) {
      const std::uint64_t count = place.durations[i].load(std::memory_order_acquire);
      sum.durations[i] += count;
      sum.calls += count;
    }
    sum.failures += place.failures.load(std::memory_order_relaxed);
    sum.nanoseconds += place.nanoseconds.load(std::memory_order_relaxed);
  }
  sum.failures = std::min(sum.failures, sum.calls);
  return sum;
}

}  // namespace pet
