// Several writers of one class at once: everything is stored, and the log has one order.
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "storage/local_storage.hpp"
#include "tests/core/registry/pushes.hpp"
#include "tests/core/registry/race_push.hpp"
#include "tests/storage/temporary_folder.hpp"
#include "tests/storage/writer_process.hpp"

using namespace pet;
using namespace pet::test;

namespace {

// Every version of every writer is in the log exactly once, and its bytes are there.
void check_race(const Registry& reader, const std::vector<std::string>& writers, int versions) {
  const std::size_t count = writers.size() * static_cast<std::size_t>(versions);
  REQUIRE(reader.check_log("Race") == count);
  std::set<Hash> logged;
  for (const LogEntry& entry : reader.history("Race")) logged.insert(entry.hash);
  CHECK(logged.size() == count);
  for (const std::string& writer : writers) {
    for (int i = 0; i < versions; ++i) {
      const std::string bytes = race_bytes(writer, i);
      CHECK(logged.contains(hash_of(bytes)));
      CHECK(reader.require_binary("Race", hash_of(bytes), kLinux) == bytes);
    }
  }
  CHECK(reader.versions("Race", kLinux).size() == count);
}

}  // namespace

TEST_CASE("threads that push one class at once all get their place",
          "[core][registry][concurrent]") {
  const auto storage = std::make_shared<MemoryStorage>();
  Registry shared(storage);
  const bool share = GENERATE(true, false);
  const std::vector<std::string> writers{"a", "b", "c", "d"};
  constexpr int kVersions = 20;
  {
    std::vector<std::jthread> threads;
    for (const std::string& writer : writers) {
      threads.emplace_back([&, writer] {
        Registry own(storage);
        Registry& registry = share ? shared : own;
        for (int i = 0; i < kVersions; ++i) registry.push(race_push(writer, i));
      });
    }
  }
  check_race(Registry(storage), writers, kVersions);
}

TEST_CASE("threads that push the same bytes at once make one entry",
          "[core][registry][concurrent]") {
  for (int round = 0; round < 20; ++round) {
    const auto storage = std::make_shared<MemoryStorage>();
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] { Registry(storage).push(race_push("all", 0)); });
      }
    }
    CHECK(Registry(storage).check_log("Race") == 1);
  }
}

TEST_CASE("of names that differ only in case and are pushed at once, at most one is published",
          "[core][registry][concurrent]") {
  for (int round = 0; round < 50; ++round) {
    const auto storage = std::make_shared<MemoryStorage>();
    {
      std::vector<std::jthread> threads;
      for (const char* name : {"MyFilter", "myfilter", "MYFILTER"}) {
        threads.emplace_back([&, name] {
          try {
            Registry(storage).push(item(name, name));
          } catch (const Error& error) {
            if (error.code() != ErrorCode::kInvalidName) std::abort();
          }
        });
      }
    }
    int published = 0;
    for (const char* name : {"MyFilter", "myfilter", "MYFILTER"}) {
      if (Registry(storage).newest(name)) ++published;
    }
    CHECK(published <= 1);
  }
}

TEST_CASE("threads that push other classes at once do not meet", "[core][registry][concurrent]") {
  const auto storage = std::make_shared<MemoryStorage>();
  Registry registry(storage);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, name = "Class" + std::to_string(i)] {
        registry.push(item(name, "1"));
        registry.push(item(name, "2"));
        registry.newest(name);
      });
    }
  }
  CHECK(registry.class_names().size() == 8);
  CHECK(registry.newest("Class5")->number == 2);
}

TEST_CASE("processes that push one class at once all get their place",
          "[core][registry][concurrent]") {
  const TemporaryFolder folder;
  const std::string root = folder / "pets";
  const std::vector<std::string> writers{"p", "q", "r"};
  constexpr int kVersions = 12;
  std::vector<Process> processes;
  for (const std::string& writer : writers) {
    processes.emplace_back(std::string(PET_REGISTRY_PUSHER) + " " + root + " " + writer + " " +
                           std::to_string(kVersions));
  }
  std::ofstream(root + ".go") << "go";

  std::set<int> numbers;
  for (Process& process : processes) {
    const Ended ended = process.wait();
    INFO(ended.output);
    CHECK(ended.status == 0);
    std::istringstream lines(ended.output);
    int previous = 0;
    for (int number; lines >> number; previous = number) {
      CHECK(number > previous);
      numbers.insert(number);
    }
  }
  CHECK(numbers.size() == writers.size() * kVersions);
  const auto storage = std::make_shared<LocalStorage>(root);
  check_race(Registry(storage), writers, kVersions);
  // A racer's late hint may lag, never lead; the next push heals it.
  Registry registry(storage);
  CHECK(registry.push(race_push("last", 0)).number == numbers.size() + 1);
  CHECK(storage->get(latest_key("Race")) == storage->get(log_key("Race", numbers.size() + 1)));
}
