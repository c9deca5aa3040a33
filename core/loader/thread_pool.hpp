// PluginHost::ThreadPool: runs the bodies of parallel loops on threads of the host's. (Inside
// core/loader only.)
//
// The caller of for_each works too, and waits only for bodies that are running already. So a nested
// loop needs no free thread, and cannot deadlock.
//
// Threads: for_each from any thread, also from inside a body. Workers start with the first loop
//          that can use them.
#pragma once

#include <pet/abi.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/loader/plugin_host.hpp"

namespace pet {

class PluginHost::ThreadPool {
 public:
  using Body = pet_status (*)(void* context, std::uint64_t index, pet_failure* failure);

  explicit ThreadPool(unsigned threads);  // the caller's included; 0: as many as cores
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  unsigned concurrency() const noexcept { return concurrency_; }

  // Calls body for every index below count; returns when all are done: the status and text of the
  // lowest index that failed. A failure does not keep the others from running.
  pet_status for_each(std::uint64_t count, Body body, void* context, pet_failure* failure);

 private:
  class Loop;
  void start_workers();
  void work();

  const unsigned concurrency_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Loop>> waiting_;  // one entry for each worker that a loop can use
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace pet
