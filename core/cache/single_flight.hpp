// SingleFlight: of the threads that want the same thing at once, one gets it, and the others wait
// for its answer.
//
// A thread that comes when the answer has been given starts anew: nothing is remembered.
//
// Threads: any. `call` must not run the same key again: it would wait for itself.
// Throws:  what `call` throws, in every thread that waited for it.
#pragma once

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "storage/error.hpp"

namespace pet {

template <class Value>
class SingleFlight {
 public:
  template <class Call>
  Value run(const std::string& key, Call&& call) {
    std::unique_lock lock(mutex_);
    if (const auto flying = flights_.find(key); flying != flights_.end()) {
      return wait(lock, flying->second);
    }
    const auto flight = std::make_shared<Flight>();
    flights_.emplace(key, flight);
    lock.unlock();
    try {
      Value value = call();
      lock.lock();
      flight->value = value;
      land(key, *flight);
      return value;
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      flight->failure = std::current_exception();
      land(key, *flight);
      throw;
    }
  }

 private:
  struct Flight {
    bool landed = false;
    std::optional<Value> value;
    std::exception_ptr failure;
    std::condition_variable changed;
  };

  static Value wait(std::unique_lock<std::mutex>& lock, std::shared_ptr<Flight> flight) {
    flight->changed.wait(lock, [&] { return flight->landed; });
    if (!flight->failure) return *flight->value;
    try {
      std::rethrow_exception(flight->failure);
    } catch (const Error& error) {
      // A copy of one's own: no two threads share an exception's parts.
      throw Error(error.code(), error.what(), {error.class_name(), error.hash(), error.key()});
    }
  }

  void land(const std::string& key, Flight& flight) {
    flight.landed = true;
    flights_.erase(key);
    flight.changed.notify_all();
  }

  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
};

}  // namespace pet
