// PluginHost: the services that plugins get from this process (pet/abi.h): log, memory, threads,
// blobs, child instances, cancellation.
//
//   auto host = pet::PluginHost::make({.observer = print, .blobs = storage});
//   pet::BasePlugin filter = clazz.create(params, host);
//
// The name is not Host, which is how an author's code calls the other side of the same thing
// (pet/host.hpp).
//
// Lifetime: every instance keeps the host that it was created with. process() is never destroyed.
// Threads:  all members may be called from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>

#include "core/observer.hpp"

namespace pet {

class BaseStorage;

struct HostOptions {
  Observer observer;                   // plugin logs arrive as kPluginLog
  std::shared_ptr<BaseStorage> blobs;  // none: plugins are told that there is no blob service
  unsigned threads = 0;                // of parallel_for; 0: as many as cores
};

class PluginHost {
 public:
  static std::shared_ptr<PluginHost> make(HostOptions options);
  static std::shared_ptr<PluginHost> process();  // no observer, no blobs, one pool for the process

  const HostOptions& options() const noexcept { return options_; }
  unsigned concurrency() const noexcept;

  // Long work in plugins that ask is told to stop (pet.cancel/1), until reset.
  void cancel() noexcept { cancelled_ = true; }
  void reset_cancel() noexcept { cancelled_ = false; }
  bool cancelled() const noexcept { return cancelled_; }

  class ThreadPool;
  ThreadPool& pool() const noexcept { return *pool_; }
  ~PluginHost();

 private:
  explicit PluginHost(HostOptions options);
  HostOptions options_;
  std::shared_ptr<ThreadPool> pool_;
  std::atomic<bool> cancelled_{false};
};

// Whether HostOptions::blobs may have a plugin's blob of this key: "blobs/" and the blob's own.
bool is_blob_key(std::string_view storage_key) noexcept;

}  // namespace pet
