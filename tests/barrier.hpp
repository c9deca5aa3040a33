// Barrier: proves that calls run at the same time. Each waits until enough others have arrived; when
// they do not come, it goes on after a while, and met() is false: the test fails and does not hang.
//
//   Barrier barrier(2);
//   … two threads: barrier.arrive_and_wait() …
//   CHECK(barrier.met());
//
// Threads: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace pet::test {

class Barrier {
 public:
  explicit Barrier(std::size_t wanted) : wanted_(wanted) {}

  // Once met, or given up, nobody waits any more.
  void arrive_and_wait() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    const auto enough = [this] { return arrived_ >= wanted_ || given_up_; };
    if (!changed_.wait_for(lock, std::chrono::seconds(10), enough)) given_up_ = true;
    changed_.notify_all();
  }

  bool met() const {
    const std::lock_guard lock(mutex_);
    return arrived_ >= wanted_ && !given_up_;
  }

 private:
  const std::size_t wanted_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t arrived_ = 0;
  bool given_up_ = false;
};

}  // namespace pet::test
