#include "core/registry/readable.hpp"

#include <catch2/catch.hpp>

#include "tests/core/registry/pushes.hpp"

using namespace pet;
using namespace pet::test;
using Strings = std::vector<std::string>;

namespace {

std::vector<std::uint64_t> numbers(const ReadableLog& log) {
  std::vector<std::uint64_t> numbers;
  for (const LogEntry& entry : log.entries) numbers.push_back(entry.number);
  return numbers;
}

Strings names(const ReadableClasses& classes) {
  Strings names;
  for (const StoredClass& clazz : classes.found) names.push_back(clazz.name);
  return names;
}

// A storage with a folder that may not be listed, as a directory has it.
class PartlyClosed : public FaultyStorage {
 public:
  PartlyClosed(BaseStorage& within, std::string closed)
      : FaultyStorage(within), closed_(std::move(closed)) {}

 protected:
  std::vector<std::string> do_list(std::string_view prefix, std::string_view start_after,
                                   std::size_t limit) const override {
    std::vector<std::string> keys = FaultyStorage::do_list(prefix, start_after, limit);
    for (const std::string& key : keys) {
      if (!key.starts_with(closed_ + "/")) continue;
      throw Error(ErrorCode::kStorageRefused, "may not list",
                  {.class_name = {}, .hash = {}, .key = "/srv/pets/" + closed_});
    }
    return keys;
  }

 private:
  std::string closed_;
};

}  // namespace

TEST_CASE("a log that is whole is its history", "[core][registry]") {
  Bench bench;
  push_versions(bench, 3);
  const ReadableLog log = readable_log(bench.registry, "MyFilter");
  CHECK(numbers(log) == std::vector<std::uint64_t>{3, 2, 1});
  CHECK(log.damage.empty());
  CHECK(readable_log(bench.registry, "Other").entries.empty());
}

TEST_CASE("damaged entries hide none of the others, and each is told once", "[core][registry]") {
  Bench bench;
  push_versions(bench, 5);
  bench.memory.put(log_key("MyFilter", 2), "{");
  bench.memory.put(log_key("MyFilter", 4), "nonsense");
  const ReadableLog log = readable_log(bench.registry, "MyFilter");
  CHECK(numbers(log) == std::vector<std::uint64_t>{5, 3, 1});
  REQUIRE(log.damage.size() == 2);
  CHECK(log.damage[0].key() == log_key("MyFilter", 4));
  CHECK(log.damage[1].key() == log_key("MyFilter", 2));
}

TEST_CASE("an outage is no damage", "[core][registry]") {
  Bench bench;
  push_versions(bench, 2);
  bench.memory.put(log_key("MyFilter", 1), "{");
  bench.storage->break_down(ErrorCode::kStorageUnreachable);
  CHECK_THROWS_MATCHES(readable_log(bench.registry, "MyFilter"), Error,
                       fails(ErrorCode::kStorageUnreachable));
  CHECK_THROWS_MATCHES(readable_classes(bench.registry), Error,
                       fails(ErrorCode::kStorageUnreachable));
}

TEST_CASE("a class that is damaged hides none of the others", "[core][registry]") {
  Bench bench;
  for (const char* name : {"A", "B", "C"}) bench.registry.push(item(name, "bytes"));
  CHECK(readable_classes(bench.registry).damage.empty());
  bench.memory.put(log_key("B", 1), "{");
  const ReadableClasses classes = readable_classes(bench.fresh());
  CHECK(names(classes) == Strings{"A", "C"});
  CHECK(classes.found.front().newest->number == 1);
  REQUIRE(classes.damage.size() == 1);
  CHECK(classes.damage.front().class_name() == "B");
  CHECK(classes.damage.front().code() == ErrorCode::kCorrupt);
}

TEST_CASE("a folder that may not be listed hides none of the others", "[core][registry]") {
  Bench bench;
  for (const char* name : {"A", "B", "C"}) bench.registry.push(item(name, "bytes"));
  const Registry registry(std::make_shared<PartlyClosed>(bench.memory, "plugins/B"));
  const ReadableClasses classes = readable_classes(registry);
  CHECK(names(classes) == Strings{"A", "C"});
  REQUIRE(classes.damage.size() == 1);
  CHECK(classes.damage.front().class_name() == "B");
  CHECK(classes.damage.front().code() == ErrorCode::kStorageRefused);
  // What is refused as a whole is no damage of one class.
  const Registry closed(std::make_shared<PartlyClosed>(bench.memory, "plugins"));
  CHECK_THROWS_MATCHES(readable_classes(closed), Error, fails(ErrorCode::kStorageRefused));
}
