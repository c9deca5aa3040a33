// LiveEvents: what happened to a pipeline's versions, for people: the newest of them are kept.
//
// Threads: any. The observer is called on the thread that reports, without a lock; what it throws is
//          dropped.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace pet {

// The way of a version. Rejected can follow each state but unloaded.
enum class VersionState {
  kFound,     // storage or config name it
  kFetched,   // all its binaries and states are in the cache
  kChecked,   // the gate would let them in
  kTried,     // it has lived and answered in another process
  kWarm,      // it is in this process, and has answered
  kCurrent,   // it answers
  kDraining,  // calls that began with it go on
  kUnloaded,  // gone, and its libraries verified to be
  kRejected,
};
std::string_view to_string(VersionState state) noexcept;  // "found", "fetched"…

enum class LiveEventKind {
  kState,     // a version has come to `state`
  kProblem,   // something failed that will be tried again; nothing has changed
  kRollback,  // the version before is current again; the text says why
  kResident,  // a library that should have left stays; the text says why
};
std::string_view to_string(LiveEventKind kind) noexcept;

struct LiveEvent {
  std::chrono::system_clock::time_point time;
  LiveEventKind kind = LiveEventKind::kState;
  VersionState state = VersionState::kFound;  // of kState
  std::uint64_t version = 0;                  // its number in this pipeline; 0: none
  std::string text;                           // what moved, or why
};

using LiveObserver = std::function<void(const LiveEvent&)>;

class LiveEvents {
 public:
  static constexpr std::size_t kKept = 64;

  explicit LiveEvents(LiveObserver observer) : observer_(std::move(observer)) {}

  void add(LiveEvent event) noexcept;
  std::vector<LiveEvent> newest() const;  // the latest last

 private:
  LiveObserver observer_;
  mutable std::mutex mutex_;
  std::deque<LiveEvent> kept_;
};

}  // namespace pet
