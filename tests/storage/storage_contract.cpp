// The half of the contract that only a storage keeps that can be written to; the other half is
// read_contract.cpp's.
#include "tests/storage/storage_contract.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/storage/error_matcher.hpp"

namespace pet::test {
namespace {

using Keys = std::vector<std::string>;

constexpr const char* kInvalidKeys[] = {"",        "/etc/passwd", "a/../b", "a//b",
                                        ".hidden", "a/",          "a b"};

void a_put_replaces(BaseStorage& storage) {
  storage.put("a", "a long first version");
  storage.put("a", "second");
  CHECK(storage.get("a") == "second");
  CHECK(storage.list("") == Keys{"a"});
}

void put_if_absent_never_replaces(BaseStorage& storage) {
  CHECK(storage.put_if_absent("log/1", "first"));
  CHECK_FALSE(storage.put_if_absent("log/1", "second"));
  CHECK_FALSE(storage.put_if_absent("log/1", "first"));
  CHECK(storage.get("log/1") == "first");

  storage.put("log/2", "put");
  CHECK_FALSE(storage.put_if_absent("log/2", "second"));
  CHECK(storage.get("log/2") == "put");

  CHECK(storage.remove("log/1"));
  CHECK(storage.put_if_absent("log/1", "third"));
  CHECK(storage.get("log/1") == "third");
}

void removed_is_absent(BaseStorage& storage) {
  storage.put("a/b", "x");
  storage.put("a/c", "y");
  CHECK(storage.remove("a/b"));
  CHECK_FALSE(storage.remove("a/b"));
  CHECK_FALSE(storage.remove("never/there"));
  CHECK(storage.get("a/b") == std::nullopt);
  CHECK(storage.list("") == Keys{"a/c"});
}

void put_many_puts_all(BaseStorage& storage) {
  storage.put("many/1/there", "old");
  storage.put("many/2/replaced", "old");
  std::vector<std::string> keys;
  std::vector<std::string> contents;
  for (int i = 0; i < 300; ++i) {
    keys.push_back("many/" + std::to_string(i % 20) + "/object-" + std::to_string(i));
    contents.push_back("content " + std::to_string(i));
  }
  std::vector<PutItem> items{{"many/1/there", "new", PutMode::kIfAbsent},
                             {"many/2/replaced", "new", PutMode::kReplace}};
  for (int i = 0; i < 300; ++i) {
    items.push_back({keys[i], contents[i], i % 2 ? PutMode::kIfAbsent : PutMode::kReplace});
  }

  std::vector<PutOutcome> expected(items.size(), PutOutcome::kWritten);
  expected.front() = PutOutcome::kAlreadyThere;
  CHECK(storage.put_many(items) == expected);
  CHECK(storage.get("many/1/there") == "old");
  CHECK(storage.get("many/2/replaced") == "new");
  for (int i = 0; i < 300; ++i) CHECK(storage.get(keys[i]) == contents[i]);
  CHECK(storage.list("many/").size() == 302);
  CHECK(storage.put_many({}).empty());
}

void put_many_checks_before_it_writes(BaseStorage& storage) {
  const std::vector<PutItem> invalid{{"good", "x"}, {"../bad", "x"}};
  CHECK_THROWS_MATCHES(storage.put_many(invalid), Error,
                       fails(ErrorCode::kInvalidName, {"'../bad'"}));
  const std::vector<PutItem> twice{{"good", "x"}, {"good", "y"}};
  CHECK_THROWS_MATCHES(storage.put_many(twice), Error, fails(ErrorCode::kUsage, {"'good' twice"}));
  CHECK(storage.list("").empty());
}

void one_of_forty_racers_wins(BaseStorage& storage) {
  for (int round = 0; round < 10; ++round) {
    const std::string key = "race/" + std::to_string(round);
    std::atomic<int> winners = 0;
    std::atomic<int> winner = -1;
    std::atomic<bool> go = false;
    std::vector<std::thread> racers;
    for (int i = 0; i < 40; ++i) {
      racers.emplace_back([&, i] {
        while (!go) std::this_thread::yield();
        if (storage.put_if_absent(key, "racer " + std::to_string(i))) {
          ++winners;
          winner = i;
        }
      });
    }
    go = true;
    for (std::thread& racer : racers) racer.join();
    CHECK(winners == 1);
    CHECK(storage.get(key) == "racer " + std::to_string(winner));
  }
}

void writers_share_new_folders(BaseStorage& storage) {
  std::atomic<int> failed = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      try {
        for (int j = 0; j < 10; ++j) {
          storage.put("new/" + std::to_string(j) + "/of-" + std::to_string(i), "x");
        }
      } catch (const Error&) {
        ++failed;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(failed == 0);
  CHECK(storage.list("new/").size() == 80);
}

void invalid_keys_are_not_written(BaseStorage& storage) {
  for (const char* key : kInvalidKeys) {
    CAPTURE(key);
    const auto invalid = fails(ErrorCode::kInvalidName);
    CHECK_THROWS_MATCHES(storage.put(key, "x"), Error, invalid);
    CHECK_THROWS_MATCHES(storage.put_if_absent(key, "x"), Error, invalid);
    CHECK_THROWS_MATCHES(storage.remove(key), Error, invalid);
  }
}

struct Sentence {
  const char* text;
  void (*check)(BaseStorage&);
};
constexpr Sentence kContract[] = {
    {"a put replaces", a_put_replaces},
    {"put_if_absent never replaces", put_if_absent_never_replaces},
    {"what was removed is absent", removed_is_absent},
    {"put_many puts all and says which were there", put_many_puts_all},
    {"put_many checks every key before it writes the first", put_many_checks_before_it_writes},
    {"exactly one of forty racing put_if_absent wins", one_of_forty_racers_wins},
    {"writers create the same folders at the same time", writers_share_new_folders},
    {"every method that writes refuses an invalid key", invalid_keys_are_not_written},
};

}  // namespace

void check_contract(const std::function<std::unique_ptr<BaseStorage>()>& make) {
  check_read_contract([&] {
    const std::shared_ptr<BaseStorage> storage = make();
    return ReadSubject{storage, storage};
  });
  for (const Sentence& sentence : kContract) {
    DYNAMIC_SECTION(sentence.text) {
      const std::unique_ptr<BaseStorage> storage = make();
      sentence.check(*storage);
    }
  }
}

}  // namespace pet::test
