// A second process for the tests of LocalStorage: one verb per call, so that strace shows its
// system calls and nothing else.
//
//   storage_writer [--as UID] ROOT put KEY SIZE
//   storage_writer [--as UID] ROOT put_if_absent KEY SIZE
//   storage_writer [--as UID] ROOT put_many COUNT           objects many/<i%10>/<i>
//   storage_writer [--as UID] ROOT get KEY
//   storage_writer [--as UID] ROOT race COUNT NAME          waits for ROOT.go, prints what it won
//
// Prints what the verb returned. A pet::Error is printed as "<code>: <message>", with exit
// status 3.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "storage/error.hpp"
#include "storage/local_storage.hpp"

namespace {

void race(pet::LocalStorage& storage, int count, const std::string& name) {
  while (!std::filesystem::exists(storage.root() + ".go")) std::this_thread::yield();
  for (int i = 0; i < count; ++i) {
    if (storage.put_if_absent("race/" + std::to_string(i), name)) std::printf("%d\n", i);
  }
}

void put_many(pet::LocalStorage& storage, int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) {
    keys.push_back("many/" + std::to_string(i % 10) + "/" + std::to_string(i));
  }
  std::vector<pet::PutItem> items;
  for (const std::string& key : keys) items.push_back({key, key, pet::PutMode::kIfAbsent});
  std::size_t written = 0;
  for (const pet::PutOutcome outcome : storage.put_many(items)) {
    written += outcome == pet::PutOutcome::kWritten;
  }
  std::printf("%zu written\n", written);
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 3) return 2;
  pet::LocalStorage storage(arguments[0]);
  const std::string& verb = arguments[1];
  const std::string& key = arguments[2];
  if (verb == "get") {
    const auto bytes = storage.get(key);
    std::printf("%s\n", bytes ? bytes->c_str() : "absent");
  } else if (verb == "put_many") {
    put_many(storage, std::atoi(key.c_str()));
  } else if (arguments.size() < 4) {
    return 2;
  } else if (verb == "put") {
    storage.put(key, std::string(std::strtoul(arguments[3].c_str(), nullptr, 10), 'x'));
    std::printf("put\n");
  } else if (verb == "put_if_absent") {
    const std::string bytes(std::strtoul(arguments[3].c_str(), nullptr, 10), 'x');
    std::printf("%s\n", storage.put_if_absent(key, bytes) ? "created" : "already there");
  } else if (verb == "race") {
    race(storage, std::atoi(key.c_str()), arguments[3]);
  } else {
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() > 2 && arguments[0] == "--as") {
    const auto user = static_cast<uid_t>(std::atoi(arguments[1].c_str()));
    if (setgid(user) != 0 || setuid(user) != 0) return 4;
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  try {
    return run(arguments);
  } catch (const pet::Error& error) {
    std::printf("%s: %s\n", std::string(pet::to_string(error.code())).c_str(), error.what());
    return 3;
  }
}
