// Loads MyFilter, makes it throw, and unloads it, over and over: nothing may stay. Run by
// toolchains_test.cmake with the binary of every toolchain; prints the reason and exits 1 when
// something does.
//
// More cycles than a process has thread-specific keys (1,024), and one on a thread that ends after
// the unloading.
#include <dlfcn.h>
#include <malloc.h>

#include <cstdio>
#include <string>
#include <thread>

#include "pet/testing.hpp"

namespace {

constexpr int kCycles = 1200;
constexpr long kAllowedGrowth = 64 * 1024;  // the leak that was: 71 KB a cycle

std::string problem(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return dlerror();
  {
    const auto& entry = *static_cast<const pet_entry*>(dlsym(library, PET_ENTRY_SYMBOL));
    const auto filter = pet::testing::make(entry);
    try {
      filter.predict(pet::XYData::mock({1}));  // it wants float64
      return "predict did not fail";
    } catch (const pet::Failure& failure) {
      if (failure.status() != PET_BAD_INPUT) return failure.what();
    }
  }
  dlclose(library);
  return dlopen(path, RTLD_NOW | RTLD_NOLOAD) == nullptr ? "" : "the library stayed after dlclose";
}

long bytes_in_use() {
  const auto info = mallinfo2();
  return static_cast<long>(info.uordblks + info.hblkhd);
}

std::string problem_of_cycles(const char* path) {
  long before = 0;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    const std::string found = problem(path);
    if (!found.empty()) return found + ", in cycle " + std::to_string(cycle);
    if (cycle == 10) before = bytes_in_use();
  }
  // The fake host keeps a few bytes for each instance that ever was.
  const long growth = bytes_in_use() - before;
  return growth < kAllowedGrowth ? "" : std::to_string(growth) + " bytes stayed";
}

}  // namespace

int main(int, char** arguments) {
  const char* path = arguments[1];
  std::string found = problem_of_cycles(path);
  std::thread([&] {
    if (found.empty()) found = problem(path);
  }).join();
  if (!found.empty()) std::fprintf(stderr, "%s: %s\n", path, found.c_str());
  return found.empty() ? 0 : 1;
}
