// Memory that runs out at every allocation in turn, while a library is loaded or let go: whoever asks
// next gets an answer, and the process lives.
#include <catch2/catch.hpp>
#include <memory>
#include <new>
#include <string>

#include "core/artifact/binary.hpp"
#include "core/loader/loader.hpp"
#include "storage/error.hpp"
#include "tests/failing_new.hpp"
#include "tests/watchdog.hpp"

namespace pet::test {
namespace {

// Calls work with its nth allocation failing, n = 1, 2, 3… until there are no more. Checks that the
// file can be asked for afterwards.
template <class Work>
void fail_each_allocation(const std::string& file, const Work& work) {
  const Binary binary = Binary::read(file);
  long n = 0;
  for (bool failed = true; failed; ++n) {
    REQUIRE(n < 2000);
    REQUIRE(finishes([&, n] {  // ends before this turn does, or the test does
      work(binary, n + 1, failed);
      try {
        Loader::process().load(binary, file);
      } catch (const Error&) {
        // Some fixtures are refused.
      }
    }));
  }
  CHECK(n > 3);
}

TEST_CASE("a load that runs out of memory leaves nobody waiting", "[core]") {
  for (const char* name : {"good_filter", "undefined_symbol", "needs_missing_library",
                           "notes_lie_about_class", "needs_newer_glibc"}) {
    INFO(name);
    const std::string file = PET_FIXTURE_DIR "/" + std::string(name) + ".so";
    fail_each_allocation(file, [&](const Binary& binary, long nth, bool& failed) {
      std::shared_ptr<const Library> library;
      allocations_left = nth;
      try {
        library = Loader::process().load(binary, file);
      } catch (const std::bad_alloc&) {
      } catch (const Error&) {
      }
      failed = allocations_left == 0;
      allocations_left = -1;
    });
  }
}

TEST_CASE("a library is let go without memory too", "[core]") {
  const std::string file = PET_FIXTURE_DIR "/good_filter.so";
  fail_each_allocation(file, [&](const Binary& binary, long nth, bool& failed) {
    std::shared_ptr<const Library> library = Loader::process().load(binary, file);
    allocations_left = nth;
    library.reset();
    failed = allocations_left == 0;
    allocations_left = -1;
  });
  CHECK(Loader::process().loaded_count() == 0);
}

}  // namespace
}  // namespace pet::test
