// A service loads and unloads versions for months: nothing may stay behind each time. What did was
// the exception pool of a static libstdc++, 71 KB of it, and a thread-specific key of a static
// libc++, of which a process has 1,024.
#include <malloc.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/core/loader/loading.hpp"

namespace pet {
namespace {

constexpr bool kSanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#else
    false;
#endif

void load_throw_unload(const char* name) {
  const PetClass clazz = test::load_fixture(name);
  const bool fails_when_asked = clazz.facts().parameter("options") != nullptr;
  const BasePlugin plugin =
      fails_when_asked ? clazz.create({{"options", ParamObject{{"fail", true}}}}) : clazz.create();
  try {
    plugin.predict(test::vector_of({1}));
  } catch (const Error&) {
  }
}

TEST_CASE("a thousand loads, throws and unloads leave the heap as it was", "[core]") {
  const auto name = GENERATE(as<std::string>{}, "throws_std_exception", "throws_int", "good_filter",
                             "old_strings", "clang_libcxx");
  CAPTURE(name);
  if (kSanitized) {
    WARN("skipped: mallinfo2 says nothing of a sanitizer's heap");
    return;
  }
  if (!std::filesystem::exists(test::fixture_path(name))) {
    WARN("skipped: " << name << " was not built, there is no clang++ with libc++ here");
    return;
  }
  for (int i = 0; i < 50; ++i) load_throw_unload(name.c_str());
  const std::size_t before = ::mallinfo2().uordblks;
  for (int i = 0; i < 1000; ++i) load_throw_unload(name.c_str());
  const std::size_t after = ::mallinfo2().uordblks;
  CHECK(after < before + 16 * 1024);
  CHECK(Loader::process().loaded_count() == 0);
}

}  // namespace
}  // namespace pet
