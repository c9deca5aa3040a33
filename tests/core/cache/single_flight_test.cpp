// A flight that runs out of memory lands. This process has its own operator new.
#include "core/cache/single_flight.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <new>
#include <string>
#include <thread>

#include "tests/failing_new.hpp"

namespace pet::test {
namespace {

using Flights = SingleFlight<std::string>;

// In a thread of its own, since it may wait for ever.
bool key_is_free(const std::shared_ptr<Flights>& flights, const std::string& key) {
  std::promise<std::string> answer;
  std::future<std::string> answered = answer.get_future();
  std::thread([flights, key, answer = std::move(answer)]() mutable {
    answer.set_value(flights->run(key, [] { return std::string("free"); }));
  }).detach();
  return answered.wait_for(std::chrono::seconds(10)) == std::future_status::ready &&
         answered.get() == "free";
}

// Makes the first, second… allocation of a run fail until one is not reached.
template <class Call>
int failures_survived(const Call& call) {
  for (int nth = 1; nth < 100; ++nth) {
    const auto flights = std::make_shared<Flights>();
    const std::string key(100, 'k');
    allocations_left = nth;
    try {
      flights->run(key, call);
    } catch (const Error&) {
    } catch (const std::bad_alloc&) {
    }
    const bool failed = allocations_left == 0;
    allocations_left = -1;
    INFO("allocation " << nth);
    REQUIRE(key_is_free(flights, key));
    if (!failed) return nth - 1;
  }
  return 100;
}

TEST_CASE("a flight lands, whichever allocation of it fails", "[core][cache]") {
  const std::string text(200, 'x');
  CHECK(failures_survived([&] { return text; }) > 0);
  CHECK(failures_survived([&]() -> std::string {
          throw Error(ErrorCode::kStorageUnreachable, text, {text, text, text});
        }) > 0);
}

TEST_CASE("an error is thrown although there is no memory to share it", "[core][cache]") {
  Flights flights;
  const std::string text(200, 'x');
  const Error error(ErrorCode::kStorageUnreachable, text, {text, text, text});
  CHECK_THROWS_AS(flights.run("key",
                              [&]() -> std::string {
                                Error thrown = error;
                                allocations_left = 1;
                                throw std::move(thrown);
                              }),
                  Error);
  allocations_left = -1;
  CHECK(flights.run("key", [] { return std::string("free"); }) == "free");
}

}  // namespace
}  // namespace pet::test
