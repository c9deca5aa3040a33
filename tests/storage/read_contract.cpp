// The half of the contract that a mirror keeps too: what somebody else has put is read.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/storage/error_matcher.hpp"
#include "tests/storage/recording_sink.hpp"
#include "tests/storage/storage_contract.hpp"

namespace pet::test {
namespace {

using Keys = std::vector<std::string>;

constexpr const char* kInvalidKeys[] = {"",        "/etc/passwd", "a/../b", "a//b",
                                        ".hidden", "a/",          "a b"};

std::string megabyte_of(char fill) { return std::string(1 << 20, fill); }

// A megabyte with every byte value in it, NUL among them.
std::string varied_megabyte() {
  std::string bytes(1 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 8));
  return bytes;
}

void absent_is_a_value(BaseStorage&, const BaseStorage& storage) {
  for (const char* key : {"a", "plugins/A/latest.json"}) {
    CHECK(storage.get(key) == std::nullopt);
    CHECK(storage.get_range(key, 0, 10) == std::nullopt);
    CHECK_FALSE(storage.head(key));
  }
  if (!storage.capabilities().list) return;
  CHECK(storage.list("").empty());
  CHECK(storage.list("plugins/A/").empty());
}

void what_was_put_is_got(BaseStorage& writer, const BaseStorage& storage) {
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string("\0\n\0", 3), varied_megabyte()}) {
    writer.put("plugins/A/object", bytes);
    CHECK((storage.get("plugins/A/object") == bytes));
    REQUIRE(storage.head("plugins/A/object"));
    CHECK(storage.head("plugins/A/object")->size == bytes.size());
  }
}

void an_object_is_read_in_pieces(BaseStorage& writer, const BaseStorage& storage) {
  RecordingSink sink;
  CHECK_FALSE(storage.read("absent", sink));
  const std::string bytes = varied_megabyte();
  writer.put("object", bytes);
  CHECK(storage.read("object", sink));
  CHECK((sink.bytes == bytes));
  CHECK(sink.begun.back() == bytes.size());
  sink.place.resize(1000);
  CHECK(storage.read("object", sink));
  CHECK((sink.bytes == bytes));
  writer.put("object", "");
  CHECK(storage.read("object", sink));
  CHECK(sink.bytes.empty());
}

void what_a_sink_throws_is_thrown(BaseStorage& writer, const BaseStorage& storage) {
  writer.put("object", varied_megabyte());
  RecordingSink sink;
  sink.fails_after = 1000;
  CHECK_THROWS_MATCHES(storage.read("object", sink), Error,
                       fails(ErrorCode::kStorageRefused, {"the sink is full"}));
  CHECK(sink.begun.size() == 1);
}

void ranges_are_cut_at_the_end(BaseStorage& writer, const BaseStorage& storage) {
  writer.put("digits", "0123456789");
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
  writer.put("empty", "");
  CHECK(storage.get_range("empty", 0, 5) == "");
}

void too_large_is_refused(BaseStorage& writer, const BaseStorage& storage) {
  // Of a chain the message names the member that has the object: the last.
  const std::string all = storage.describe();
  const std::string place = all.substr(all.rfind('|') + 1);
  writer.put("large", "12345");
  CHECK(storage.get("large", 5) == "12345");
  CHECK_THROWS_MATCHES(
      storage.get("large", 4), Error,
      fails(ErrorCode::kCorrupt, {"'large'", place, "has 5 bytes", "at most 4 were expected"}));
  CHECK(storage.get_range("large", 0, 4) == "1234");
}

void lists_are_sorted_by_bytes(BaseStorage& writer, const BaseStorage& storage) {
  // As whole keys: "a-b" < "a.b" < "a/b" < "a0" < "aB" < "a_b" < "ab".
  const Keys sorted{"A", "a-b", "a.b", "a/b", "a/c/d", "a/c/e", "a/z", "a0", "aB", "a_b", "ab"};
  for (auto key = sorted.rbegin(); key != sorted.rend(); ++key) writer.put(*key, *key);
  CHECK(storage.list("") == sorted);
}

void list_objects_says_what_head_says(BaseStorage& writer, const BaseStorage& storage) {
  for (const char* key : {"a/b", "a/bb", "a/c/d", "b"}) writer.put(key, std::string(key) + "!");
  std::vector<std::pair<std::string, std::uint64_t>> found;
  for (const auto& [key, size] : storage.list_objects("a/")) found.emplace_back(key, size);
  CHECK(found ==
        std::vector<std::pair<std::string, std::uint64_t>>{{"a/b", 4}, {"a/bb", 5}, {"a/c/d", 6}});
  REQUIRE(storage.list_objects("a/", "a/b", 1).size() == 1);
  CHECK(storage.list_objects("a/", "a/b", 1).front().key == "a/bb");
  CHECK(storage.list_objects("a/", "", 0).empty());
  CHECK(storage.list_objects("c/").empty());
}

void list_finds_by_prefix(BaseStorage& writer, const BaseStorage& storage) {
  for (const char* key : {"plugins/A/log/1", "plugins/A/log/2", "plugins/AB/log/1", "plugins/B"}) {
    writer.put(key, "");
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

void list_goes_on_where_it_stopped(BaseStorage& writer, const BaseStorage& storage) {
  const Keys all{"a/1", "a/2", "a/b/1", "a/b/2", "a/c", "b"};
  for (const std::string& key : all) writer.put(key, "");

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

void the_longest_keys_work(BaseStorage& writer, const BaseStorage& storage) {
  const std::string segment(255, 's');
  const std::string key = segment + "/" + segment + "/" + segment + "/" + std::string(255, 'x');
  writer.put(key, "deep");
  CHECK(storage.get(key) == "deep");
  if (storage.capabilities().list) CHECK(storage.list(segment + "/") == Keys{key});
}

void readers_never_see_a_part(BaseStorage& writer, const BaseStorage& storage) {
  const std::string first = megabyte_of('a');
  const std::string second = megabyte_of('b').substr(0, 700'000);
  writer.put("shared", first);
  const bool lists = storage.capabilities().list;
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const auto seen = storage.get("shared");
        if (seen != first && seen != second) ++torn;
        if (lists && storage.list("") != Keys{"shared"}) ++torn;
      }
    });
  }
  for (int i = 0; i < 20; ++i) writer.put("shared", i % 2 ? first : second);
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(torn == 0);
}

void a_storage_lists_as_it_says(BaseStorage& writer, const BaseStorage& storage) {
  writer.put("a", "x");
  if (storage.capabilities().list) {
    CHECK(storage.list("") == Keys{"a"});
  } else {
    CHECK_THROWS_MATCHES(
        storage.list(""), Error,
        fails(ErrorCode::kStorageUnsupported, {storage.describe() + " cannot list"}));
  }
}

void invalid_keys_are_not_read(BaseStorage&, const BaseStorage& storage) {
  for (const char* key : kInvalidKeys) {
    CAPTURE(key);
    const auto invalid = fails(ErrorCode::kInvalidName);
    CHECK_THROWS_MATCHES(storage.get(key), Error, invalid);
    CHECK_THROWS_MATCHES(storage.get_range(key, 0, 1), Error, invalid);
    CHECK_THROWS_MATCHES(storage.head(key), Error, invalid);
  }
  CHECK_THROWS_MATCHES(storage.list("../"), Error, fails(ErrorCode::kInvalidName));
  CHECK_THROWS_MATCHES(storage.list("", "/"), Error, fails(ErrorCode::kInvalidName));
}

struct Sentence {
  const char* text;
  void (*check)(BaseStorage& writer, const BaseStorage& storage);
  bool lists = false;  // of storages that do
};
constexpr Sentence kContract[] = {
    {"what is absent is a value, not an error", absent_is_a_value},
    {"what was put is got, byte for byte", what_was_put_is_got},
    {"an object is read in pieces", an_object_is_read_in_pieces},
    {"what a sink throws is thrown", what_a_sink_throws_is_thrown},
    {"ranges are cut at the object's end", ranges_are_cut_at_the_end},
    {"an object larger than asked for is refused, naming both sizes", too_large_is_refused},
    {"lists are sorted by the bytes of the whole key", lists_are_sorted_by_bytes, true},
    {"list_objects says of each what head says", list_objects_says_what_head_says, true},
    {"list finds by prefix, which is text and not a folder", list_finds_by_prefix, true},
    {"list goes on where it stopped", list_goes_on_where_it_stopped, true},
    {"the longest keys work", the_longest_keys_work},
    {"readers never see a part of an object", readers_never_see_a_part},
    {"a storage lists, or says that it cannot", a_storage_lists_as_it_says},
    {"every method that reads refuses an invalid key", invalid_keys_are_not_read},
};

}  // namespace

void check_read_contract(const std::function<ReadSubject()>& make) {
  for (const Sentence& sentence : kContract) {
    DYNAMIC_SECTION(sentence.text) {
      const ReadSubject subject = make();
      if (sentence.lists && !subject.storage->capabilities().list) return;
      sentence.check(*subject.writer, *subject.storage);
    }
  }
}

}  // namespace pet::test
