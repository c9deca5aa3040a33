// concurrently: one call for each of many things, on several threads: whoever asks a network waits
// more than it computes.
//
//   concurrently(names.size(), [&](std::size_t i) { newest[i] = registry.newest(names[i]); });
//
// Threads: `call` is run by the caller's thread and others, and must stand that. Where the system
//          gives no more threads, those there are do it all.
// Throws:  what the call of the lowest index threw, when all have ended: a failure stops no other
//          call. Who wants every outcome catches within `call`.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

#include "core/held_events.hpp"
#include "storage/base_storage.hpp"

namespace pet {

struct ThreadUse {
  std::size_t at_most;      // threads, the caller's among them
  std::size_t calls_worth;  // another thread: fewer are made one after the other
};

// For single requests to a storage on this machine: a thread costs as much as some ten local files;
// a file system behind a network gains by many.
inline constexpr ThreadUse kForRequests{16, 16};
// For fetching, checking and loading whole binaries of such a one.
inline constexpr ThreadUse kForBinaries{8, 1};
// For whatever waits for a network, which answers a hundred requests in the time of one.
inline constexpr ThreadUse kForRemote{120, 1};

inline ThreadUse requests_to(const BaseStorage& storage) {
  return storage.capabilities().remote ? kForRemote : kForRequests;
}

// call(0) … call(count - 1), in no promised order.
template <class Call>
void concurrently(std::size_t count, const Call& call, ThreadUse use = kForRequests) {
  std::vector<std::exception_ptr> failures(count);
  std::atomic<std::size_t> next{0};
  HeldEvents* const held = HeldEvents::here();
  const auto work = [&] {
    const HeldEvents::Share share(held);
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
    const std::size_t wanted = std::min(use.at_most, count / use.calls_worth);
    try {
      for (std::size_t i = 1; i < wanted; ++i) threads.emplace_back(work);
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
