// in_parallel: one call for each of many things, on several threads: whoever asks a network waits more than
// it computes.
//
//   in_parallel(items.size(), 16, [&](std::size_t i) { put(items[i]); });
//
// Threads: `call` is run by the caller's thread and others, and must stand that. Where the system gives
//          no more threads, those there are do it all.
// Throws:  what the call of the lowest index threw, when all have ended: a failure stops no other call.
//          Who wants otherwise looks, within `call`, whether one has failed.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace pet {

// call(0) … call(count - 1), in no promised order, up to `at_once` at the same time.
template <class Call>
void in_parallel(std::size_t count, std::size_t at_once, const Call& call) {
  std::vector<std::exception_ptr> failures(count);
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        call(i);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    try {
      for (std::size_t i = 1; i < std::min(count, at_once); ++i) threads.emplace_back(work);
    } catch (const std::system_error&) {
      // No more threads to be had.
    }
    work();
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace pet
