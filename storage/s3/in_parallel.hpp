// in_parallel: many requests to a server at once. (Inside storage/s3 only.)
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

#include "storage/error.hpp"

namespace pet {

// call(0) … call(count - 1), up to `at_once` at the same time; the failure of the lowest index is thrown
// when all ended. Once the server is unreachable nothing more is begun.
template <class Call>
void in_parallel(std::size_t count, std::size_t at_once, const Call& call) {
  std::vector<std::exception_ptr> failures(count);
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        call(i);
      } catch (const Error& error) {
        failures[i] = std::current_exception();
        if (error.code() == ErrorCode::kStorageUnreachable) next = count;
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
      // No more threads to be had: those there are do it all.
    }
    work();
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace pet
