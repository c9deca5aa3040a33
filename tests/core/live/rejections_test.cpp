// What was found bad: how it is kept, shared with other services, and forgiven.
#include "core/live/rejections.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "storage/error.hpp"
#include "storage/local_storage.hpp"
#include "storage/memory_storage.hpp"
#include "tests/storage/faulty_storage.hpp"
#include "tests/storage/temporary_folder.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;

namespace {

Rejection rejection_of(const char* name, const char* time = "2025-11-03T09:30:00Z") {
  return {.hash = Hash::of(name),
          .class_name = "Stamp",
          .reason = "crashed",
          .time = time,
          .pipeline = "iris"};
}

std::string object_of(const char* name) { return "rejected/" + Hash::of(name).hex() + ".json"; }

std::string mark_of(const char* name) { return "rejected/" + Hash::of(name).hex() + ".forgiven"; }

}  // namespace

TEST_CASE("rejections are kept with their reason, the first one's", "[live][rejections]") {
  TemporaryFolder folder;
  const auto storage = std::make_shared<LocalStorage>(folder / "rejections");
  const Hash hash = Hash::of("bad");
  const Rejection rejection{.hash = hash,
                            .class_name = "Stamp",
                            .reason = "crashed \"there\"\n",
                            .time = "2025-11-03T09:30:00Z",
                            .pipeline = "iris"};
  {
    Rejections rejections(storage);
    CHECK_FALSE(rejections.find(hash));
    CHECK(rejections.add(rejection));
    Rejection again = rejection;
    again.reason = "another";
    CHECK_FALSE(rejections.add(again));
  }
  Rejections later(storage);
  REQUIRE(later.find(hash));
  CHECK(later.find(hash)->reason == rejection.reason);
  CHECK(later.find(hash)->class_name == "Stamp");
  CHECK(later.all().size() == 1);
  CHECK(later.forgive(hash));
  CHECK_FALSE(later.forgive(hash));
  CHECK_FALSE(Rejections(storage).find(hash));
}

TEST_CASE("of many rejections the oldest go, but not those that a log still names",
          "[live][rejections]") {
  const auto storage = std::make_shared<MemoryStorage>();
  const auto hash_of = [](int i) { return Hash::of("bad " + std::to_string(i)); };
  Rejections rejections(storage, 5);
  for (int i = 0; i < 8; ++i) {
    CHECK(rejections.add({.hash = hash_of(i),
                          .class_name = "Stamp",
                          .reason = "crashed",
                          .time = "2025-11-03T09:30:0" + std::to_string(i) + "Z",
                          .pipeline = "iris"}));
    CHECK(rejections.find(hash_of(1)).has_value() == (i >= 1));  // always asked for
  }
  for (int i = 0; i < 8; ++i) {
    CAPTURE(i);
    const bool is_kept = i == 1 || i >= 4;
    CHECK(Rejections(storage, 5).find(hash_of(i)).has_value() == is_kept);
    CHECK(rejections.find(hash_of(i)).has_value() == is_kept);
  }
}

TEST_CASE("what others forgive is found out, and what fails forgives nothing",
          "[live][rejections]") {
  MemoryStorage memory;
  const auto storage = std::make_shared<FaultyStorage>(memory);
  Rejections rejections(storage);
  const auto add = [&](const char* name) { rejections.add(rejection_of(name)); };
  const std::uint64_t before = rejections.look_again();
  add("kept");
  storage->break_down(ErrorCode::kStorageUnreachable);
  CHECK_THROWS_AS(add("not kept"), Error);
  CHECK_THROWS_AS(rejections.look_again(), Error);
  storage->heal();
  CHECK(rejections.look_again() == before);
  CHECK(rejections.find(Hash::of("kept")));
  CHECK(rejections.find(Hash::of("not kept")));
  Rejections another(storage);
  CHECK(another.forgive(Hash::of("kept")));
  const std::uint64_t after = rejections.look_again();
  CHECK(after != before);
  CHECK_FALSE(rejections.find(Hash::of("kept")));
  CHECK(rejections.find(Hash::of("not kept")));
  add("kept");
  CHECK(rejections.look_again() == after);
  memory.remove(
      object_of("kept"));  // by one that had too many: the forgiving was of the time before
  CHECK(rejections.look_again() == after);
  CHECK(rejections.find(Hash::of("kept")));
  CHECK(rejections.forgive(Hash::of("kept")));
  CHECK(rejections.look_again() != after);
}

TEST_CASE("what a service drops, since it has too many, another does not take for forgiven",
          "[live][rejections]") {
  const auto storage = std::make_shared<MemoryStorage>();
  Rejections rejections(storage, 2);
  rejections.add(rejection_of("named", "1"));
  CHECK(rejections.find(Hash::of("named")));
  const std::uint64_t before = rejections.look_again();
  Rejections another(storage, 2);
  CHECK(another.all().size() == 1);
  another.add(rejection_of("b", "2"));
  another.add(rejection_of("c", "3"));
  REQUIRE_FALSE(storage->head(object_of("named")));
  CHECK(rejections.look_again() == before);
  CHECK(rejections.find(Hash::of("named")));
}

TEST_CASE("what is forgiven while it is written down is forgiven", "[live][rejections]") {
  MemoryStorage memory;
  const auto storage = std::make_shared<FaultyStorage>(memory);
  Rejections rejections(storage);
  int forgiven = 0;
  storage->before_each([&](const std::string& operation) {
    if (operation.starts_with("put_if_absent")) forgiven += rejections.forgive(Hash::of("bad"));
  });
  rejections.add(rejection_of("bad"));
  CHECK(forgiven == 1);
  CHECK_FALSE(rejections.find(Hash::of("bad")));
  CHECK_FALSE(Rejections(storage).find(Hash::of("bad")));
}

TEST_CASE("surplus that cannot be removed stays known, and hinders nothing", "[live][rejections]") {
  MemoryStorage memory;
  const auto storage = std::make_shared<FaultyStorage>(memory);
  Rejections rejections(storage, 2);
  rejections.add(rejection_of("a", "1"));
  rejections.add(rejection_of("b", "2"));
  storage->before_each([](const std::string& operation) {
    if (operation.starts_with("remove")) throw Error(ErrorCode::kStorageRefused, "not permitted");
  });
  CHECK(rejections.add(rejection_of("c", "3")));
  storage->before_each(nullptr);
  CHECK(rejections.all().size() == 3);
  // It is known as one that is kept: who forgives it is heard.
  const std::uint64_t before = rejections.look_again();
  CHECK(Rejections(storage).forgive(Hash::of("c")));
  CHECK(rejections.look_again() != before);
  CHECK_FALSE(rejections.find(Hash::of("c")));
  rejections.add(rejection_of("d", "4"));
  CHECK(rejections.all().size() == 2);
  CHECK_FALSE(memory.head(object_of("a")));
}

TEST_CASE("what cannot be written down forgets nothing that is", "[live][rejections]") {
  MemoryStorage memory;
  const auto storage = std::make_shared<FaultyStorage>(memory);
  Rejections rejections(storage, 2);
  rejections.add(rejection_of("a", "1"));
  rejections.add(rejection_of("b", "2"));
  CHECK(rejections.all().size() == 2);
  storage->break_down(ErrorCode::kStorageUnreachable);
  CHECK_THROWS_AS(rejections.add(rejection_of("c", "3")), Error);
  storage->heal();
  CHECK(rejections.all().size() == 3);
  CHECK(memory.head(object_of("a")));
}

TEST_CASE("a rejection that cannot be read rejects, and can be forgiven", "[live][rejections]") {
  MemoryStorage memory;
  const auto storage = std::make_shared<FaultyStorage>(memory);
  Rejections(storage).add(rejection_of("bad"));
  Rejections(storage).add(rejection_of("other"));
  storage->before_each([](const std::string& operation) {
    if (operation != "get " + object_of("bad")) return;
    throw Error(ErrorCode::kStorageUnreachable, "input/output error");
  });
  Rejections rejections(storage);
  CHECK(rejections.all().size() == 2);
  REQUIRE(rejections.find(Hash::of("bad")));
  CHECK_THAT(rejections.find(Hash::of("bad"))->reason,
             Contains("why cannot be read any more: input/output error"));
  CHECK(rejections.find(Hash::of("other"))->reason == "crashed");
  CHECK(rejections.forgive(Hash::of("bad")));
  CHECK_FALSE(memory.head(object_of("bad")));
}

TEST_CASE("what cannot be forgiven has no mark", "[live][rejections]") {
  MemoryStorage memory;
  const auto storage = std::make_shared<FaultyStorage>(memory);
  Rejections rejections(storage);
  rejections.add(rejection_of("bad"));
  storage->before_each([](const std::string& operation) {
    if (operation != "remove " + object_of("bad")) return;
    throw Error(ErrorCode::kStorageRefused, "not permitted");
  });
  CHECK_THROWS_AS(rejections.forgive(Hash::of("bad")), Error);
  CHECK(rejections.find(Hash::of("bad")));
  CHECK(memory.list("rejected/") == std::vector<std::string>{object_of("bad")});
}

TEST_CASE("of the marks of what was forgiven the oldest go", "[live][rejections]") {
  const auto storage = std::make_shared<MemoryStorage>();
  Rejections rejections(storage, 3);
  std::vector<std::string> marks;
  for (const char* const name : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
    rejections.add(rejection_of(name));
    CHECK(rejections.forgive(Hash::of(name)));
    marks.push_back(mark_of(name));
    CHECK(storage->list("rejected/").size() == std::min(marks.size(), std::size_t{3}));
    for (std::size_t age = 0; age < std::min(marks.size(), std::size_t{3}); ++age) {
      CAPTURE(name, age);
      CHECK(storage->head(marks[marks.size() - 1 - age]));
    }
  }
  rejections.add(rejection_of("h"));
  CHECK_FALSE(storage->head(mark_of("h")));
}

TEST_CASE("what is forgiven while it is rejected again is forgiven", "[live][rejections]") {
  MemoryStorage memory;
  const auto storage = std::make_shared<FaultyStorage>(memory);
  Rejections rejections(storage);
  rejections.add(rejection_of("bad"));
  CHECK(rejections.forgive(Hash::of("bad")));
  const std::uint64_t before = rejections.look_again();
  // By another service as soon as it is written: that mark is not the one of the time before.
  const auto others = std::make_shared<FaultyStorage>(memory);
  int forgiven = 0;
  const auto forgive = [&] {
    if (memory.head(object_of("bad"))) forgiven += Rejections(others).forgive(Hash::of("bad"));
  };
  storage->before_each([&](const std::string& operation) {
    if (operation == "remove " + mark_of("bad")) forgive();
  });
  rejections.add(rejection_of("bad"));
  forgive();
  CHECK(forgiven == 1);
  CHECK(rejections.look_again() != before);
  CHECK_FALSE(rejections.find(Hash::of("bad")));
}

TEST_CASE("where no mark can be written it is forgiven all the same", "[live][rejections]") {
  MemoryStorage memory;
  const auto storage = std::make_shared<FaultyStorage>(memory);
  Rejections rejections(storage);
  rejections.add(rejection_of("bad"));
  storage->before_each([](const std::string& operation) {
    if (operation.starts_with("put")) {
      throw Error(ErrorCode::kStorageRefused, "no space left on device");
    }
  });
  CHECK_THROWS_AS(rejections.add(rejection_of("not kept")), Error);
  CHECK(rejections.forgive(Hash::of("bad")));
  CHECK(rejections.forgive(Hash::of("not kept")));
  CHECK(rejections.all().empty());
  CHECK(memory.list("rejected/").empty());
}

TEST_CASE("what could not be written down is when it is rejected again", "[live][rejections]") {
  MemoryStorage memory;
  const auto storage = std::make_shared<FaultyStorage>(memory);
  Rejections rejections(storage);
  storage->break_down(ErrorCode::kStorageUnreachable);
  CHECK_THROWS_AS(rejections.add(rejection_of("bad")), Error);
  storage->heal();
  Rejection again = rejection_of("bad");
  again.reason = "another";
  CHECK_FALSE(rejections.add(again));
  REQUIRE(Rejections(storage).find(Hash::of("bad")));
  CHECK(Rejections(storage).find(Hash::of("bad"))->reason == "crashed");
}

TEST_CASE("a rejection that cannot be kept holds as long as the process", "[live][rejections]") {
  MemoryStorage memory;
  const auto storage = std::make_shared<FaultyStorage>(memory);
  Rejections rejections(storage);
  storage->break_down(ErrorCode::kStorageUnreachable);
  const Hash hash = Hash::of("bad");
  CHECK_THROWS_AS(rejections.add({.hash = hash,
                                  .class_name = "Stamp",
                                  .reason = "crashed",
                                  .time = "2025-11-03T09:30:00Z",
                                  .pipeline = "iris"}),
                  Error);
  storage->heal();
  REQUIRE(rejections.find(hash));
  CHECK(rejections.find(hash)->reason == "crashed");
}

TEST_CASE("a reason may be any bytes", "[live][rejections]") {
  const auto storage = std::make_shared<MemoryStorage>();
  const Hash hash = Hash::of("bad");
  const std::string long_one(8191, 'a');
  for (const std::string& reason : {long_one + "\xc3\xa9", std::string("\x1b[31m \xff")}) {
    Rejections rejections(storage);
    rejections.add(
        {.hash = hash, .class_name = "Stamp", .reason = reason, .time = "", .pipeline = ""});
    const std::string kept = Rejections(storage).find(hash)->reason;
    CHECK_THAT(kept, !Contains("cannot be read"));
    CHECK(kept.find('\x1b') == std::string::npos);
    CHECK(rejections.forgive(hash));
  }
}

TEST_CASE("a damaged rejection still rejects", "[live][rejections]") {
  const auto storage = std::make_shared<MemoryStorage>();
  const Hash hash = Hash::of("bad");
  storage->put("rejected/" + hash.hex() + ".json", "{");
  storage->put("rejected/other.json", "{}");  // none of ours
  const Rejections rejections(storage);
  REQUIRE(rejections.find(hash));
  CHECK_THAT(rejections.find(hash)->reason, Contains("why cannot be read any more"));
  CHECK(rejections.all().size() == 1);
}
