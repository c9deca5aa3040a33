// Watchdog: a test that would hang fails instead.
//
//   CHECK(finishes([site] { site->factory["GoodFilter"]; }));
//
// The work runs in a thread of its own, which is left behind when it does not end: what it uses has
// to be its own, by value or by shared_ptr. What it throws is dropped.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace pet::test {

template <class Work>
bool finishes(Work work, std::chrono::seconds limit = std::chrono::seconds(20)) {
  const auto done = std::make_shared<std::promise<void>>();
  std::future<void> end = done->get_future();
  std::thread([done, work = std::move(work)] {
    try {
      work();
    } catch (...) {
    }
    done->set_value();
  }).detach();
  return end.wait_for(limit) == std::future_status::ready;
}

}  // namespace pet::test
