// ModelHistory: what a status page shows of a model's past: its calls in each of the last seconds, and
// how long calls took before and after each move of its version.
//
//   history.tick(now, counts);              // once a second
//   history.add(event, counts);             // a swap, a rollback, a rejection
//   for (const Move& move : history.moves()) …
//
// `counts` are those of all calls since the beginning, whatever version answered.
//
// Threads: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "core/live/call_stats.hpp"
#include "core/live/live_events.hpp"

namespace pet::tools {

class ModelHistory {
 public:
  using Time = std::chrono::system_clock::time_point;

  static constexpr std::size_t kMoves = 10;
  static constexpr std::size_t kSeconds = 60;

  enum class MoveKind { kSwap, kRollback, kRejection };

  struct Latency {
    std::uint64_t calls = 0;
    std::chrono::nanoseconds p50{};
    std::chrono::nanoseconds p99{};
  };

  struct Move {
    Time time;
    MoveKind kind;
    std::uint64_t version;
    std::string text;  // what moved, or why
    Latency before;    // in the 30 s before, and in those after: so far, or until the next move
    Latency after;
  };

  struct Second {
    Latency latency;
    std::uint64_t failures = 0;
  };

  void tick(Time now, const CallCounts& counts);
  void add(MoveKind kind, const LiveEvent& event, const CallCounts& counts);

  std::vector<Move> moves() const;      // the latest last
  std::vector<Second> seconds() const;  // the latest last
  // In the last seconds, at most kSeconds.
  Latency recent() const;

 private:
  static constexpr std::chrono::seconds kAround{30};

  struct Sample {
    Time time;
    CallCounts counts;
  };
  struct Entry {
    Move move;
    CallCounts at;
    bool is_open = true;  // calls are still counted as after it
  };

  void close_last(const CallCounts& counts);

  mutable std::mutex mutex_;
  std::deque<Sample> samples_;
  std::deque<Entry> entries_;
};

std::string_view to_string(
    ModelHistory::MoveKind kind) noexcept;  // "swap", "rollback", "rejection"

}  // namespace pet::tools
