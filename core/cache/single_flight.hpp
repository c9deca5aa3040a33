// SingleFlight: of the threads that want the same thing at once, one gets it, and the others wait
// for its answer.
//
// A thread that comes when the answer has been given starts anew: nothing is remembered.
//
// Threads: any. `call` must not run the same key again: it would wait for itself. An observer may:
//          what `call` reports is held until nobody waits.
// Throws:  what `call` throws. A pet::Error is an answer, and thrown in every thread that waited;
//          after anything else (no memory, say) each of those calls for itself.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>

#include "core/held_events.hpp"
#include "storage/error.hpp"

namespace pet {

template <class Value>
class SingleFlight {
 public:
  template <class Call>
  Value run(const std::string& key, Call&& call) {
    std::unique_lock lock(mutex_);
    while (true) {
      const auto flying = flights_.find(key);
      if (flying == flights_.end()) break;
      const std::shared_ptr<Flight> flight = flying->second;
      flight->changed.wait(lock, [&] { return flight->landed; });
      if (flight->value) return *flight->value;
      if (flight->error) throw copy_of(*flight->error);
    }
    const auto flight = std::make_shared<Flight>();
    flights_.emplace(key, flight);
    lock.unlock();
    return fly(key, *flight, call);
  }

 private:
  // Neither value nor error: the call ended with an exception that is not shared.
  struct Flight {
    bool landed = false;
    std::optional<Value> value;
    std::optional<Error> error;
    std::condition_variable changed;
  };

  // Lands the flight when it goes, whatever has been thrown: nobody waits for ever.
  struct Landing {
    SingleFlight& flights;
    const std::string& key;
    Flight& flight;
    std::optional<Value> value = {};
    std::optional<Error> error = {};

    ~Landing() {
      const std::lock_guard lock(flights.mutex_);
      flight.value.swap(value);
      flight.error.swap(error);
      flight.landed = true;
      flights.flights_.erase(key);
      flight.changed.notify_all();
    }
  };
  static_assert(std::is_nothrow_move_constructible_v<Value> && std::is_nothrow_swappable_v<Value>);
  static_assert(std::is_nothrow_move_constructible_v<Error> && std::is_nothrow_swappable_v<Error>);

  template <class Call>
  Value fly(const std::string& key, Flight& flight, Call& call) {
    HeldEvents held;  // until after the landing
    Landing landing{*this, key, flight};
    try {
      Value value = call();
      landing.value = value;
      return value;
    } catch (const Error& thrown) {
      try {
        landing.error = copy_of(thrown);
      } catch (const std::bad_alloc&) {
        // No memory to share it: those who wait call for themselves.
      }
      throw;
    }
  }

  // A copy that shares nothing: a plain one shares its text with the original.
  static Error copy_of(const Error& error) {
    return {error.code(), error.what(), {error.class_name(), error.hash(), error.key()}};
  }

  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
};

}  // namespace pet
