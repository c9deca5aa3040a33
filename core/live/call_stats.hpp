// CallStats: how many calls a version answered, how many failed, and how long they took.
//
//   stats.record(duration, CallOutcome::kAnswered);
//   CallCounts now = stats.counts();
//   CallCounts recent = now - a_minute_ago;
//   recent.quantile(0.99);
//
// Durations are counted in steps of an eighth of a power of two, from 1 ns to 2^40 ns (18 minutes): a
// quantile is at most 12.5 % too high.
//
// Threads: record() from any, without a lock: threads count in eight places, so that few meet. counts() is
//          a sum over them while others go on: never more than was recorded when it returns.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace pet {

enum class CallOutcome { kAnswered, kFailed };

struct CallCounts {
  static constexpr std::size_t kSteps = 8;  // of each power of two
  static constexpr std::size_t kBuckets = 40 * kSteps;

  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  std::uint64_t nanoseconds = 0;
  std::array<std::uint64_t, kBuckets> durations{};

  // The duration that a share of the calls did not exceed; 0 without calls.
  std::chrono::nanoseconds quantile(double share) const noexcept;
  double failure_rate() const noexcept {
    return calls == 0 ? 0 : static_cast<double>(failures) / static_cast<double>(calls);
  }

  static std::size_t bucket_of(std::chrono::nanoseconds duration) noexcept;
  static std::chrono::nanoseconds end_of(std::size_t bucket) noexcept;  // exclusive

  CallCounts& operator+=(const CallCounts& other) noexcept;
  // REQUIRES: `before` was read earlier from the same stats.
  friend CallCounts operator-(CallCounts now, const CallCounts& before) noexcept;
};

class CallStats {
 public:
  void record(std::chrono::nanoseconds duration, CallOutcome outcome) noexcept;
  CallCounts counts() const noexcept;

 private:
  static constexpr std::size_t kPlaces = 8;

  struct alignas(64) Place {
    std::atomic<std::uint64_t> failures{0};
    std::atomic<std::uint64_t> nanoseconds{0};
    std::array<std::atomic<std::uint64_t>, CallCounts::kBuckets> durations{};
  };
  std::array<Place, kPlaces> places_;
};

}  // namespace pet
