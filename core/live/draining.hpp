// Draining: versions that are no longer current, until the last call of each has ended.
//
// It holds a handle on each, so that no call's thread ever destroys one: reap() does, on the thread that
// calls it, and looks whether its libraries left this process.
//
// Threads: add and waiting from any; reap() by one at a time.
#pragma once

#include <chrono>
#include <mutex>
#include <vector>

#include "core/live/live_events.hpp"
#include "core/live/live_version.hpp"

namespace pet {

class Draining {
 public:
  using Time = std::chrono::system_clock::time_point;

  struct Waiting {
    std::uint64_t version;
    std::size_t calls;  // and snapshots that still use it
    Time since;
  };

  explicit Draining(LiveEvents& events) : events_(events) {}

  void add(VersionSnapshot version, Time now);
  std::vector<Waiting> waiting() const;
  bool is_empty() const;

  // Destroys what nobody uses any more. True when there was any.
  bool reap(Time now);

 private:
  struct Entry {
    VersionSnapshot version;
    Time since;
  };

  void destroy(Entry entry, Time now);

  LiveEvents& events_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace pet
