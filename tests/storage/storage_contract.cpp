#include "tests/storage/storage_contract.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/storage/error_matcher.hpp"
#include "tests/storage/recording_sink.hpp"

namespace pet::test {
namespace {

using Keys = std::vector<std::string>;

std::string megabyte_of(char fill) { return std::string(1 << 20, fill); }

// A megabyte with every byte value in it, NUL among them.
std::string varied_megabyte() {
  std::string bytes(1 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 8));
  return bytes;
}

void absent_is_a_value(BaseStorage& storage) {
  for (const char* key : {"a", "plugins/A/latest.json"}) {
    CHECK(storage.get(key) == std::nullopt);
    CHECK(storage.get_range(key, 0, 10) == std::nullopt);
    CHECK_FALSE(storage.head(key));
    CHECK_FALSE(storage.remove(key));
  }
  CHECK(storage.list("").empty());
  CHECK(storage.list("plugins/A/").empty());
}

void what_was_put_is_got(BaseStorage& storage) {
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string("\0\n\0", 3), varied_megabyte()}) {
    storage.put("plugins/A/object", bytes);
    CHECK((storage.get("plugins/A/object") == bytes));
    REQUIRE(storage.head("plugins/A/object"));
    CHECK(storage.head("plugins/A/object")->size == bytes.size());
  }
}

void an_object_is_read_in_pieces(BaseStorage& storage) {
  RecordingSink sink;
  CHECK_FALSE(storage.read("absent", sink));
  const std::string bytes = varied_megabyte();
  storage.put("object", bytes);
  CHECK(storage.read("object", sink));
  CHECK((sink.bytes == bytes));
  CHECK(sink.begun.back() == bytes.size());
  storage.put("object", "");
  CHECK(storage.read("object", sink));
  CHECK(sink.bytes.empty());
}

void what_a_sink_throws_is_thrown(BaseStorage& storage) {
  storage.put("object", varied_megabyte());
  RecordingSink sink;
  sink.fails_after = 1000;
  CHECK_THROWS_MATCHES(storage.read("object", sink), Error,
                       fails(ErrorCode::kStorageRefused, {"the sink is full"}));
  CHECK(sink.begun.size() == 1);
}

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

void ranges_are_cut_at_the_end(BaseStorage& storage) {
  storage.put("digits", "0123456789");
  struct Case {
    std::uint64_t offset, length;
    std::string expected;
  };
  const std::vector<Case> cases{
      {0, 10, "0123456789"},
      {0, 0, ""},
      {3, 4, "3456"},
      {8, 10, "89"},
      {10, 1, ""},
      {11, 1, ""},
      {0, 99, "0123456789"},
      {5, UINT64_MAX, "56789"},
      {UINT64_MAX, UINT64_MAX, ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.offset, c.length);
    CHECK(storage.get_range("digits", c.offset, c.length) == c.expected);
  }
  storage.put("empty", "");
  CHECK(storage.get_range("empty", 0, 5) == "");
}

void too_large_is_refused(BaseStorage& storage) {
  // Of a chain the message names the member that has the object: the last.
  const std::string all = storage.describe();
  const std::string place = all.substr(all.rfind('|') + 1);
  storage.put("large", "12345");
  CHECK(storage.get("large", 5) == "12345");
  CHECK_THROWS_MATCHES(
      storage.get("large", 4), Error,
      fails(ErrorCode::kCorrupt, {"'large'", place, "has 5 bytes", "at most 4 were expected"}));
  CHECK(storage.get_range("large", 0, 4) == "1234");
}

void lists_are_sorted_by_bytes(BaseStorage& storage) {
  // As whole keys: "a-b" < "a.b" < "a/b" < "a0" < "aB" < "a_b" < "ab".
  const Keys sorted{"A", "a-b", "a.b", "a/b", "a/c/d", "a/c/e", "a/z", "a0", "aB", "a_b", "ab"};
  for (auto key = sorted.rbegin(); key != sorted.rend(); ++key) storage.put(*key, *key);
  CHECK(storage.list("") == sorted);
}

void list_objects_says_what_head_says(BaseStorage& storage) {
  for (const char* key : {"a/b", "a/bb", "a/c/d", "b"}) storage.put(key, std::string(key) + "!");
  std::vector<std::pair<std::string, std::uint64_t>> found;
  for (const auto& [key, size] : storage.list_objects("a/")) found.emplace_back(key, size);
  CHECK(found ==
        std::vector<std::pair<std::string, std::uint64_t>>{{"a/b", 4}, {"a/bb", 5}, {"a/c/d", 6}});
  REQUIRE(storage.list_objects("a/", "a/b", 1).size() == 1);
  CHECK(storage.list_objects("a/", "a/b", 1).front().key == "a/bb");
  CHECK(storage.list_objects("a/", "", 0).empty());
  CHECK(storage.list_objects("c/").empty());
}

void list_finds_by_prefix(BaseStorage& storage) {
  for (const char* key : {"plugins/A/log/1", "plugins/A/log/2", "plugins/AB/log/1", "plugins/B"}) {
    storage.put(key, "");
  }
  struct Case {
    std::string prefix;
    Keys expected;
  };
  const std::vector<Case> cases{
      {"plugins/A/", {"plugins/A/log/1", "plugins/A/log/2"}},
      {"plugins/A", {"plugins/A/log/1", "plugins/A/log/2", "plugins/AB/log/1"}},
      {"plugins/A/log/2", {"plugins/A/log/2"}},
      {"plugins/A/lo", {"plugins/A/log/1", "plugins/A/log/2"}},
      {"plugins/B", {"plugins/B"}},
      {"plugins/C", {}},
      {"plugins/C/", {}},
      {"p", {"plugins/A/log/1", "plugins/A/log/2", "plugins/AB/log/1", "plugins/B"}},
      {"q", {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.prefix);
    CHECK(storage.list(c.prefix) == c.expected);
  }
}

void list_goes_on_where_it_stopped(BaseStorage& storage) {
  const Keys all{"a/1", "a/2", "a/b/1", "a/b/2", "a/c", "b"};
  for (const std::string& key : all) storage.put(key, "");

  CHECK(storage.list("", "", 0).empty());
  CHECK(storage.list("", "", 2) == Keys{"a/1", "a/2"});
  CHECK(storage.list("", "a/2", 2) == Keys{"a/b/1", "a/b/2"});
  CHECK(storage.list("", "a/b/1") == Keys{"a/b/2", "a/c", "b"});
  CHECK(storage.list("", "a/b/15") == Keys{"a/b/2", "a/c", "b"});
  CHECK(storage.list("", "a/bb") == Keys{"a/c", "b"});
  CHECK(storage.list("a/b/", "a/2") == Keys{"a/b/1", "a/b/2"});
  CHECK(storage.list("a/b/", "a/c").empty());
  CHECK(storage.list("", "b").empty());

  for (std::size_t step = 1; step <= all.size(); ++step) {
    Keys gathered;
    for (Keys page = storage.list("", "", step); !page.empty();
         page = storage.list("", gathered.back(), step)) {
      gathered.insert(gathered.end(), page.begin(), page.end());
    }
    CHECK(gathered == all);
  }
}

void removed_is_absent(BaseStorage& storage) {
  storage.put("a/b", "x");
  storage.put("a/c", "y");
  CHECK(storage.remove("a/b"));
  CHECK_FALSE(storage.remove("a/b"));
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

void invalid_keys_are_refused(BaseStorage& storage) {
  for (const char* key : {"", "/etc/passwd", "a/../b", "a//b", ".hidden", "a/", "a b"}) {
    CAPTURE(key);
    const auto invalid = fails(ErrorCode::kInvalidName);
    CHECK_THROWS_MATCHES(storage.get(key), Error, invalid);
    CHECK_THROWS_MATCHES(storage.get_range(key, 0, 1), Error, invalid);
    CHECK_THROWS_MATCHES(storage.put(key, "x"), Error, invalid);
    CHECK_THROWS_MATCHES(storage.put_if_absent(key, "x"), Error, invalid);
    CHECK_THROWS_MATCHES(storage.head(key), Error, invalid);
    CHECK_THROWS_MATCHES(storage.remove(key), Error, invalid);
  }
  CHECK_THROWS_MATCHES(storage.list("../"), Error, fails(ErrorCode::kInvalidName));
  CHECK_THROWS_MATCHES(storage.list("", "/"), Error, fails(ErrorCode::kInvalidName));
}

void the_longest_keys_work(BaseStorage& storage) {
  const std::string segment(255, 's');
  const std::string key = segment + "/" + segment + "/" + segment + "/" + std::string(255, 'x');
  storage.put(key, "deep");
  CHECK(storage.get(key) == "deep");
  CHECK(storage.list(segment + "/") == Keys{key});
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

void readers_never_see_a_part(BaseStorage& storage) {
  const std::string first = megabyte_of('a');
  const std::string second = megabyte_of('b').substr(0, 700'000);
  storage.put("shared", first);
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const auto seen = storage.get("shared");
        if (seen != first && seen != second) ++torn;
        if (storage.list("") != Keys{"shared"}) ++torn;
      }
    });
  }
  for (int i = 0; i < 20; ++i) storage.put("shared", i % 2 ? first : second);
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(torn == 0);
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

struct Sentence {
  const char* text;
  void (*check)(BaseStorage&);
};
constexpr Sentence kContract[] = {
    {"what is absent is a value, not an error", absent_is_a_value},
    {"what was put is got, byte for byte", what_was_put_is_got},
    {"an object is read in pieces", an_object_is_read_in_pieces},
    {"what a sink throws is thrown", what_a_sink_throws_is_thrown},
    {"a put replaces", a_put_replaces},
    {"put_if_absent never replaces", put_if_absent_never_replaces},
    {"ranges are cut at the object's end", ranges_are_cut_at_the_end},
    {"an object larger than asked for is refused, naming both sizes", too_large_is_refused},
    {"lists are sorted by the bytes of the whole key", lists_are_sorted_by_bytes},
    {"list_objects says of each what head says", list_objects_says_what_head_says},
    {"list finds by prefix, which is text and not a folder", list_finds_by_prefix},
    {"list goes on where it stopped", list_goes_on_where_it_stopped},
    {"what was removed is absent", removed_is_absent},
    {"put_many puts all and says which were there", put_many_puts_all},
    {"put_many checks every key before it writes the first", put_many_checks_before_it_writes},
    {"every method refuses an invalid key", invalid_keys_are_refused},
    {"the longest keys work", the_longest_keys_work},
    {"exactly one of forty racing put_if_absent wins", one_of_forty_racers_wins},
    {"readers never see a part of an object", readers_never_see_a_part},
    {"writers create the same folders at the same time", writers_share_new_folders},
};

}  // namespace

void check_contract(const std::function<std::unique_ptr<BaseStorage>()>& make) {
  for (const Sentence& sentence : kContract) {
    DYNAMIC_SECTION(sentence.text) {
      const std::unique_ptr<BaseStorage> storage = make();
      sentence.check(*storage);
    }
  }
}

}  // namespace pet::test
