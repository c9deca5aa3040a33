#include "tests/storage/faulty_storage.hpp"

#include <catch2/catch.hpp>

#include "storage/memory_storage.hpp"
#include "tests/storage/error_matcher.hpp"

namespace pet::test {

TEST_CASE("the chosen operation fails, and only that", "[storage]") {
  MemoryStorage memory;
  FaultyStorage storage(memory);
  storage.fail(2, ErrorCode::kStorageUnreachable);

  storage.put("a", "1");
  CHECK_THROWS_MATCHES(storage.put("b", "2"), Error,
                       fails(ErrorCode::kStorageUnreachable, {"injected fault: put b on memory:"}));
  storage.put("c", "3");
  CHECK(memory.list("") == std::vector<std::string>{"a", "c"});
  CHECK(storage.recorded() == std::vector<std::string>{"put a", "put b", "put c"});
}

TEST_CASE("an answer may be lost after the operation happened", "[storage]") {
  MemoryStorage memory;
  FaultyStorage storage(memory);
  storage.fail(1, ErrorCode::kStorageUnreachable, FaultAt::kAfter);
  CHECK_THROWS_AS(storage.put_if_absent("a", "1"), Error);
  CHECK(memory.get("a") == "1");
}

TEST_CASE("a storage that broke down fails until it is healed", "[storage]") {
  MemoryStorage memory;
  FaultyStorage storage(memory);
  storage.break_down(ErrorCode::kStorageRefused);
  for (int i = 0; i < 3; ++i) {
    CHECK_THROWS_MATCHES(storage.get("a"), Error, fails(ErrorCode::kStorageRefused));
  }
  storage.heal();
  CHECK(storage.get("a") == std::nullopt);
}

TEST_CASE("a verb that a storage lacks is unsupported, naming verb and storage", "[storage]") {
  MemoryStorage memory;
  FaultyStorage storage(memory);
  const auto lacks = [](const std::string& verb) {
    return fails(ErrorCode::kStorageUnsupported, {"memory: cannot " + verb, "--storage"});
  };

  storage.limit_to({.list = false, .write = true, .put_if_absent = false});
  CHECK_THROWS_MATCHES(storage.list(""), Error, lacks("list"));
  CHECK_THROWS_MATCHES(storage.put_if_absent("a", "1"), Error, lacks("put if absent"));
  const PutItem item{"a", "1", PutMode::kIfAbsent};
  CHECK_THROWS_MATCHES(storage.put_many({&item, 1}), Error, lacks("put if absent"));
  CHECK_NOTHROW(storage.put("a", "1"));

  storage.limit_to({.list = true, .write = false, .put_if_absent = false});
  CHECK_THROWS_MATCHES(storage.put("a", "1"), Error, lacks("write"));
  CHECK_THROWS_MATCHES(storage.remove("a"), Error, lacks("write"));
}

TEST_CASE("a flipped bit is seen by the next reader", "[storage]") {
  MemoryStorage memory;
  memory.put("a", "ab");
  memory.flip_bit("a", 8);
  CHECK(memory.get("a") == "ac");
  CHECK_THROWS_MATCHES(memory.flip_bit("a", 16), Error, fails(ErrorCode::kUsage, {"'a'"}));
  CHECK_THROWS_MATCHES(memory.flip_bit("b", 0), Error, fails(ErrorCode::kUsage, {"'b'"}));
}

}  // namespace pet::test
