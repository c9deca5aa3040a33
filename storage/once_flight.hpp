// OnceFlight: something that has to succeed once before all else, asked for by many threads at a time.
//
// One of them does it, the others wait for its outcome, and when it failed with a pet::Error they all
// fail: nobody queues up to wait for the same dead server again. Who comes later tries anew, and so
// does each who waited after anything else (no memory, say).
//
// Threads: any. `call` must not run the same flight again.
#pragma once

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>

#include "storage/error.hpp"

namespace pet {

class OnceFlight {
 public:
  template <class Call>
  void run(const Call& call) {
    std::unique_lock lock(mutex_);
    if (succeeded_) return;
    if (const std::shared_ptr<Flight> flight = flying_) {
      changed_.wait(lock, [&] { return flight->landed; });
      if (flight->error) {
        const Error& error = *flight->error;
        throw Error(error.code(), error.what(), {error.class_name(), error.hash(), error.key()});
      }
      if (succeeded_) return;
    }
    const auto flight = std::make_shared<Flight>();
    flying_ = flight;
    lock.unlock();
    std::exception_ptr failure;
    std::optional<Error> error;
    try {
      call();
    } catch (const Error& thrown) {
      failure = std::current_exception();
      error = thrown;
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    flight->landed = true;
    flight->error = error;
    succeeded_ = succeeded_ || !failure;
    if (flying_ == flight) flying_.reset();
    changed_.notify_all();
    lock.unlock();
    if (failure) std::rethrow_exception(failure);
  }

  // It has succeeded by something else.
  void set_succeeded() {
    const std::lock_guard lock(mutex_);
    succeeded_ = true;
  }

 private:
  struct Flight {
    bool landed = false;
    std::optional<Error> error;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<Flight> flying_;
  bool succeeded_ = false;
};

}  // namespace pet
