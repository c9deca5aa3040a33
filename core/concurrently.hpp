// concurrently: storage/in_parallel.hpp for calls that report events, with as many threads as the storage
// that they ask is worth.
//
//   concurrently(names.size(), [&](std::size_t i) { newest[i] = registry.newest(names[i]); });
//
// What the calls report is held as what the caller's thread reports (held_events.hpp).
// Threads, Throws: as in_parallel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <thread>

#include "core/held_events.hpp"
#include "storage/base_storage.hpp"
#include "storage/in_parallel.hpp"

namespace pet {

struct ThreadUse {
  std::size_t at_most;      // threads, the caller's among them
  std::size_t calls_worth;  // another thread: fewer are made one after the other
};

// For single requests to a storage on this machine: a thread costs as much as some ten local files;
// a file system behind a network gains by many.
inline constexpr ThreadUse kForRequests{16, 16};
// For whatever waits for a network, which answers a hundred requests in the time of one.
inline constexpr ThreadUse kForRemote{120, 1};

inline ThreadUse requests_to(const BaseStorage& storage) {
  return storage.capabilities().remote ? kForRemote : kForRequests;
}

// For fetching, checking and loading whole binaries. From this machine (nullptr: from its cache) that is
// work for its processors, and for one thread more, while another waits for the disk.
inline ThreadUse binaries_from(const BaseStorage* storage) {
  if (storage != nullptr && storage->capabilities().remote) return kForRemote;
  const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
  return {.at_most = std::min<std::size_t>(processors + 1, 8), .calls_worth = 1};
}

// call(0) … call(count - 1), in no promised order.
template <class Call>
void concurrently(std::size_t count, const Call& call, ThreadUse use = kForRequests) {
  HeldEvents* const held = HeldEvents::here();
  in_parallel(count, std::min(use.at_most, count / use.calls_worth), [&](std::size_t i) {
    const HeldEvents::Share share(held);
    call(i);
  });
}

}  // namespace pet
