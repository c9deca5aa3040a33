#include "storage/once_flight.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <latch>
#include <new>
#include <thread>
#include <vector>

#include "tests/storage/error_matcher.hpp"

namespace pet::test {

TEST_CASE("what has succeeded once is not done again, what failed is", "[storage]") {
  OnceFlight flight;
  int calls = 0;
  const auto fails_once = [&] {
    if (++calls == 1) throw Error(ErrorCode::kStorageUnreachable, "no route");
  };
  CHECK_THROWS_MATCHES(flight.run(fails_once), Error,
                       fails(ErrorCode::kStorageUnreachable, {"no route"}));
  flight.run(fails_once);
  flight.run(fails_once);
  CHECK(calls == 2);
}

TEST_CASE("something else than an error is thrown to whom it happened, and lands", "[storage]") {
  OnceFlight flight;
  CHECK_THROWS_AS(flight.run([] { throw std::bad_alloc(); }), std::bad_alloc);
  int calls = 0;
  flight.run([&] { ++calls; });
  CHECK(calls == 1);
}

TEST_CASE("of many at once one does it, and the others have its outcome", "[storage]") {
  OnceFlight flight;
  std::latch all(8);
  std::atomic<int> calls{0};
  std::atomic<int> done{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        all.arrive_and_wait();
        flight.run([&] { ++calls; });
        if (calls == 1) ++done;
      });
    }
  }
  CHECK(calls == 1);
  CHECK(done == 8);
}

}  // namespace pet::test
