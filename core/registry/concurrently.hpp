// concurrently: asks a storage for many things at once, since a remote one answers each after a
// while.
//
// A few calls are made one after the other: a thread costs more than a local file.
//
// Threads: `call` is run by up to kMaxThreads threads, the caller's among them, and must stand
//          that.
// Throws:  what the call of the lowest index threw, when all have ended.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace pet {

inline constexpr std::size_t kMaxThreads = 16;
inline constexpr std::size_t kCallsWorthAThread = 4;

// call(0) … call(count - 1), in no promised order.
template <class Call>
void concurrently(std::size_t count, const Call& call) {
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
    const std::size_t wanted = std::min(kMaxThreads, count / kCallsWorthAThread);
    try {
      for (std::size_t i = 1; i < wanted; ++i) threads.emplace_back(work);
    } catch (const std::system_error&) {
      // The system gives no more threads: those there are do it all.
    }
    work();
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace pet
