// await: what another thread does in its own time, waited for; a test that waits in vain fails, and says for
// what.
//
//   await("the second version", [&] { return service.answer() == 22; });
//
// The limit is no expectation: it is far beyond what a busy machine needs.
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <string_view>
#include <thread>

namespace pet::test {

template <class Condition>
void await(std::string_view what, const Condition& condition,
           std::chrono::seconds limit = std::chrono::seconds(120)) {
  const auto give_up = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= give_up) FAIL("waited in vain for " << what);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace pet::test
