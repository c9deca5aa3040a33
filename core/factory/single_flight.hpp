// SingleFlight: concurrent askers of one key share one piece of work, and its result or its exception.
//
// Nothing is remembered: who asks after the work is done starts it anew.
//
//   SingleFlight<std::string, PetClass> loads;
//   PetClass clazz = loads.run(name, [&] { return load(name); });
//
// Threads: run from any thread. The work runs on the thread of the first asker and must not ask for its own key.
#pragma once

#include <future>
#include <map>
#include <mutex>

namespace pet {

template <class Key, class Value>
class SingleFlight {
 public:
  template <class Work>
  Value run(const Key& key, const Work& work) {
    std::promise<Value> promise;
    {
      std::unique_lock lock(mutex_);
      if (const auto it = flights_.find(key); it != flights_.end()) {
        const std::shared_future<Value> flight = it->second;
        lock.unlock();
        return flight.get();
      }
      flights_.emplace(key, promise.get_future().share());
    }
    try {
      Value value = work();
      land(key);
      promise.set_value(value);
      return value;
    } catch (...) {
      land(key);
      promise.set_exception(std::current_exception());
      throw;
    }
  }

 private:
  void land(const Key& key) {
    const std::lock_guard lock(mutex_);
    flights_.erase(key);
  }

  std::mutex mutex_;
  std::map<Key, std::shared_future<Value>> flights_;
};

}  // namespace pet
