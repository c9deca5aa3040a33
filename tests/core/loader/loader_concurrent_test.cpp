// Threads that load, use and let go of the same few libraries: every load must give a library that
// works, and every unload must be a real one (a load that raced it into the old mapping would be
// reported as a library that stays).
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "tests/core/loader/loading.hpp"

namespace pet {
namespace {

using test::fixture_path;
using test::vector_of;

template <class Work>
void on_threads(int count, Work work) {
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) threads.emplace_back([&work, t] { work(t); });
  for (std::thread& thread : threads) thread.join();
}

// Catch2's assertions are for one thread.
struct Tally {
  std::atomic<int> wrong{0};
  void require(bool right) {
    if (!right) ++wrong;
  }
};

TEST_CASE("loads race the last release, and always get a library that works",
          "[core][concurrent]") {
  const Binary v1 = Binary::read(fixture_path("counter_v1"));
  const Binary v2 = Binary::read(fixture_path("counter_v2"));
  Tally tally;
  std::atomic<int> stays{0};
  Loader::process().observe([&](const Event& event) {
    if (event.kind == EventKind::kStaysResident) ++stays;
  });
  on_threads(4, [&](int t) {
    for (int round = 0; round < 300; ++round) {
      const bool first = (round + t) % 2 == 0;
      const Binary& binary = first ? v1 : v2;
      const auto library =
          Loader::process().load(binary, fixture_path(first ? "counter_v1" : "counter_v2"));
      const PetClass clazz = PetClass::from_library(library, nullptr, "test");
      tally.require(clazz.hash() == binary.hash());
      tally.require(clazz.create().params().empty());
    }
  });
  Loader::process().observe({});
  CHECK(tally.wrong == 0);
  CHECK(stays == 0);
  CHECK(Loader::process().find(v1.hash()) == nullptr);
  CHECK(Loader::process().find(v2.hash()) == nullptr);
}

TEST_CASE("many threads that ask at once get one mapping", "[core][concurrent]") {
  const Binary binary = Binary::read(fixture_path("good_filter"));
  std::vector<std::shared_ptr<const Library>> libraries(8);
  on_threads(8, [&](int t) {
    libraries[static_cast<std::size_t>(t)] =
        Loader::process().load(binary, fixture_path("good_filter"));
  });
  for (const auto& library : libraries) CHECK(library == libraries[0]);
}

TEST_CASE("many threads that ask at once for what cannot be loaded all learn why",
          "[core][concurrent]") {
  const Binary binary = Binary::read(fixture_path("needs_missing_library"));
  Tally tally;
  on_threads(8, [&](int) {
    for (int round = 0; round < 20; ++round) {
      try {
        Loader::process().load(binary, fixture_path("needs_missing_library"));
        tally.require(false);
      } catch (const Error& error) {
        tally.require(error.code() == ErrorCode::kGateRefused);
        tally.require(std::string(error.what()).find("libpet_fixture_missing.so.1") !=
                      std::string::npos);
      }
    }
  });
  CHECK(tally.wrong == 0);
}

TEST_CASE("a slow constructor does not keep others from finding what is loaded",
          "[core][concurrent]") {
  const Binary slow = Binary::read(fixture_path("slow_constructor"));
  const PetClass good = test::load_fixture("good_filter");
  std::atomic<bool> loaded{false};
  std::thread loading([&] {
    const auto library = Loader::process().load(slow, fixture_path("slow_constructor"));
    loaded = true;
  });
  int found = 0;
  while (!loaded) {
    found += Loader::process().find(*good.hash()) != nullptr ? 1 : 0;
    std::this_thread::yield();
  }
  loading.join();
  CHECK(found > 0);
}

TEST_CASE("one instance predicts on many threads", "[core][concurrent]") {
  const BasePlugin plugin =
      test::load_fixture("wrapper_pipeline")
          .create({{"filters", ParamList{test::load_fixture("good_filter").create(),
                                         test::load_fixture("returns_foreign_tensor").create()}}});
  const BasePlugin simple = test::load_fixture("good_filter").create();
  const XYData x = vector_of({1, 2, 3});
  Tally tally;
  on_threads(4, [&](int) {
    for (int round = 0; round < 500; ++round) {
      tally.require(simple.predict(x).value<double>() == std::vector<double>{2, 4, 6});
    }
  });
  CHECK(tally.wrong == 0);
}

TEST_CASE("handles are copied and dropped on many threads", "[core][concurrent]") {
  const PetClass clazz = test::load_fixture("good_filter");
  const BasePlugin shared = clazz.create();
  Tally tally;
  on_threads(4, [&](int) {
    for (int round = 0; round < 500; ++round) {
      BasePlugin copy = shared;
      const BasePlugin clone = copy.clone({{"factor", round}});
      tally.require(clone.params().at("factor") == ParamValue(static_cast<double>(round)));
      tally.require(copy.item_dump().size() == 3);
    }
  });
  CHECK(tally.wrong == 0);
}

TEST_CASE("the policy changes while threads load", "[core][concurrent]") {
  const Binary binary = Binary::read(fixture_path("counter_v1"));
  std::atomic<bool> stop{false};
  std::thread changing([&] {
    while (!stop) {
      Loader::process().set_policy(UnloadPolicy::kKeepResident);
      Loader::process().set_policy(UnloadPolicy::kUnload);
      Loader::process().stuck();
      Loader::process().loaded_count();
    }
  });
  on_threads(3, [&](int) {
    for (int round = 0; round < 200; ++round) {
      Loader::process().load(binary, fixture_path("counter_v1"));
    }
  });
  stop = true;
  changing.join();
  CHECK(Loader::process().find(binary.hash()) == nullptr);
}

}  // namespace
}  // namespace pet
