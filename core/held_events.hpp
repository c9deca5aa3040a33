// HeldEvents: what a thread reports while others may wait for it, kept until nobody does.
//
// An observer may call back into whatever reported. Told in the middle of a load, it would wait for
// that very load. So a piece of work that others wait for holds its events, and observers hear of
// them when it is done.
//
//   {
//     HeldEvents held;
//     load();      // notify() keeps
//     land();      // whoever waited goes on
//   }              // the observers are called
//
// Threads: belongs to the thread that made it. Threads that work for it join by a Share.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "core/observer.hpp"

namespace pet {

class HeldEvents {
 public:
  // Within another one of its thread it does nothing: the outermost one holds and delivers.
  HeldEvents() noexcept;
  ~HeldEvents();
  HeldEvents(const HeldEvents&) = delete;
  HeldEvents& operator=(const HeldEvents&) = delete;

  // The one that holds what this thread reports; null when it is delivered at once.
  static HeldEvents* here() noexcept;

  // While it lives, what its thread reports goes to `held` (null: is delivered at once). REQUIRES:
  // the thread of `held` waits for this one.
  class Share {
   public:
    explicit Share(HeldEvents* held) noexcept;
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

   private:
    HeldEvents* const before_;
  };

 private:
  friend void notify(const Observer& observer, const Event& event) noexcept;
  void keep(const Observer& observer, const Event& event);

  std::mutex mutex_;
  std::vector<std::pair<Observer, Event>> kept_;
};

}  // namespace pet
