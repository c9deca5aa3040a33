// A second process for the races of the registry's tests.
//
//   registry_pusher ROOT NAME COUNT     waits for ROOT.go, pushes COUNT versions of class Race and
//                                       prints the number of each one's entry
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "storage/local_storage.hpp"
#include "tests/core/registry/race_push.hpp"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string root = argv[1];
  try {
    while (!std::filesystem::exists(root + ".go")) std::this_thread::yield();
    pet::Registry registry(std::make_shared<pet::LocalStorage>(root));
    for (int i = 0; i < std::atoi(argv[3]); ++i) {
      const auto result = registry.push(pet::test::race_push(argv[2], i));
      std::printf("%llu\n", static_cast<unsigned long long>(result.number));
    }
  } catch (const pet::Error& error) {
    std::printf("%s: %s\n", std::string(pet::to_string(error.code())).c_str(), error.what());
    return 3;
  }
  return 0;
}
