#include "core/registry/log_entry.hpp"

#include <catch2/catch.hpp>

#include "core/registry/keys.hpp"
#include "tests/core/registry/pushes.hpp"

using namespace pet;
using namespace pet::test;

namespace {

const std::string kKey = "plugins/MyFilter/log/0000000002.json";

LogEntry second_entry() {
  const Hash hash = hash_of("binary");
  return {.number = 2,
          .previous = hash_of("entry 1"),
          .class_name = "MyFilter",
          .hash = hash,
          .release = {{kArm, {hash_of("arm"), 3}}, {kLinux, {hash, 6}}},
          .time = "2025-11-03T09:30:00Z",
          .by = "ann@build7",
          .message = "faster, with \"quotes\", a\nnewline and ü",
          .write_id = "0123456789abcdef0123456789abcdef",
          .expires = {}};
}

// The text of second_entry with `from` replaced by `to`.
std::string edited(const std::string& from, const std::string& to) {
  std::string json = to_json(second_entry());
  const std::size_t at = json.find(from);
  REQUIRE(at != std::string::npos);
  return json.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a log entry reads back as it was written", "[core][registry]") {
  LogEntry entry = second_entry();
  CHECK(parse_log_entry(to_json(entry), kKey) == entry);
  entry.expires = "2030-01-01T00:00:00Z";
  CHECK(parse_log_entry(to_json(entry), kKey) == entry);
  entry.number = 1;
  entry.previous.reset();
  CHECK(parse_log_entry(to_json(entry), kKey) == entry);
}

TEST_CASE("a promoted entry says whose it repeats, and others do not have the member",
          "[core][registry]") {
  LogEntry entry = second_entry();
  CHECK(to_json(entry).find("\"from\"") == std::string::npos);
  entry.from = Origin{"file:///srv/staging", 7};
  const std::string json = to_json(entry);
  CHECK(parse_log_entry(json, kKey) == entry);
  CHECK_THAT(json, Catch::Contains("\"from\": {\n    \"storage\": \"file:///srv/staging\",\n"
                                   "    \"number\": 7\n  }\n}\n"));
  const struct {
    std::string from, says;
  } damages[] = {
      {"{}", "'from.storage' is missing"},
      {"null", "'from' is not an object"},
      {"7", "'from' is not an object"},
      {R"({"storage": 7, "number": 7})", "'from.storage' is not a text"},
      {R"({"storage": "x", "number": -1})", "'from.number' is not a whole number"},
      {R"({"storage": "x", "number": 1}, "from": {})", "'from' is there twice"},
  };
  for (const auto& [from, says] : damages) {
    CAPTURE(from);
    CHECK_THROWS_MATCHES(
        parse_log_entry(edited("\"expires\": null", "\"expires\": null, \"from\": " + from), kKey),
        Error, fails(ErrorCode::kCorrupt, {says}));
  }
}

TEST_CASE("the text of a log entry is stable and made for people too", "[core][registry]") {
  LogEntry entry = second_entry();
  entry.release.erase(kArm);
  entry.message = "faster";
  CHECK(to_json(entry) == R"({
  "number": 2,
  "previous": ")" + hash_of("entry 1").hex() +
                              R"(",
  "class_name": "MyFilter",
  "hash": ")" + hash_of("binary").hex() +
                              R"(",
  "release": {
    "linux-x86_64-gnu": {
      "hash": ")" + hash_of("binary").hex() +
                              R"(",
      "size": 6
    }
  },
  "time": "2025-11-03T09:30:00Z",
  "by": "ann@build7",
  "message": "faster",
  "write_id": "0123456789abcdef0123456789abcdef",
  "expires": null
}
)");
}

TEST_CASE("members that a later version added are passed over", "[core][registry]") {
  const std::string json = edited("\"number\"", "\"later\": {\"a\": [1]}, \"number\"");
  CHECK(parse_log_entry(json, kKey) == second_entry());
}

TEST_CASE("a damaged log entry is corrupt and says what is wrong where", "[core][registry]") {
  const std::string hash = hash_of("binary").hex();
  struct {
    const char* what;
    std::string json;
    std::string says;
  } cases[] = {
      {"empty", "", "is not JSON at line 1, column 1"},
      {"cut off", to_json(second_entry()).substr(0, 40), "is not JSON at line 3, column"},
      {"no JSON", edited("\"class_name\":", "\"class_name\""), "is not JSON at line 4, column 16"},
      {"more after it", to_json(second_entry()) + "{}", "is not JSON at line 22, column 1"},
      {"not UTF-8", edited("faster", "fast\xff"), "is not JSON at line 18, column 19"},
      {"a NUL byte within", edited("faster", std::string("fast\0r", 6)),
       "is not JSON at line 18, column 19: a NUL byte"},
      {"a NUL byte behind it", to_json(second_entry()) + std::string("\0{}", 3),
       "is not JSON at line 22, column 1: a NUL byte"},
      {"columns are characters", edited("and ü\"", "and ü\"x"),
       "is not JSON at line 18, column 57"},
      {"a list", "[]", "it is not a JSON object"},
      {"a member is missing", edited("\"hash\": \"" + hash + "\",\n  \"rel", "\"rel"),
       "'hash' is missing"},
      {"a member is there twice", edited("\"by\"", "\"by\": \"eve\", \"by\""),
       "'by' is there twice"},
      {"the number is a text", edited("2,", "\"2\","), "'number' is not a whole number"},
      {"the number is negative", edited("2,", "-2,"), "'number' is not a whole number"},
      {"the number has a point", edited("2,", "2.0,"), "'number' is not a whole number"},
      {"the number is 0", edited("2,", "0,"), "'number' is 0, not 1 to 9999999999"},
      {"the number is too large", edited("2,", "10000000000,"),
       "'number' is 10000000000, not 1 to"},
      {"no previous", edited("\"" + hash_of("entry 1").hex() + "\"", "null"),
       "'previous' is null, but it is not the first entry"},
      {"previous of the first", edited("2,", "1,"),
       "'previous' is not null, but it is the first entry"},
      {"the name is none", edited("MyFilter", "../My"), "'class_name' is not a class name"},
      {"the hash is none", edited(hash, hash.substr(1)), "'hash' is not a hash of 64"},
      {"the hash is in capitals", edited(hash, std::string(64, 'A')), "'hash' is not a hash of 64"},
      {"the hash is not in the release", edited(hash, std::string(64, 'a')),
       "'hash' is none of those in 'release'"},
      {"the release is a list", edited("\"release\": {", "\"release\": [], \"old\": {"),
       "'release' is not an object"},
      {"a file is a text",
       edited("\"linux-aarch64-gnu\": {", "\"x\": \"y\", \"linux-aarch64-gnu\": {"),
       "'release.x' is not an object"},
      {"a file has no size", edited("\"size\": 3", "\"bytes\": 3"),
       "'release.linux-aarch64-gnu.size' is missing"},
      {"a platform is there twice", edited(kArm, kLinux),
       "'release.linux-x86_64-gnu' is there twice"},
      {"the time is none", edited("2025-11-03T", "2025-13-03T"),
       "'time' is '2025-13-03T09:30:00Z', not a time such as"},
      {"the message is null", edited("\"faster, with \\\"quotes\\\", a\\nnewline and ü\"", "null"),
       "'message' is not a text"},
      {"an escaped NUL in the message", edited("faster", "fast\\u0000"),
       "'message' has a NUL character"},
      {"… in the author", edited("ann", "ann\\u0000"), "'by' has a NUL character"},
      {"… in the name", edited("MyFilter", "MyFilter\\u0000"), "'class_name' has a NUL character"},
      {"… in the write_id", edited("0123456789a", "0123456789\\u0000"),
       "'write_id' has a NUL character"},
      {"… in the hash", edited("\"hash\": \"" + hash, "\"hash\": \"\\u0000" + hash),
       "'hash' has a NUL character"},
      {"… in a platform", edited(kArm, std::string(kArm) + "\\u0000"),
       "'release' has a NUL character"},
      {"… in the time", edited("09:30:00Z", "09:30:00Z\\u0000"), "'time' has a NUL character"},
      {"… in expires", edited("\"expires\": null", "\"expires\": \"\\u0000\""),
       "'expires' has a NUL character"},
      {"expires is no time", edited("\"expires\": null", "\"expires\": \"soon\""),
       "'expires' is 'soon', not a time"},
      {"nested too deep", std::string(100000, '['), "nested deeper than 32 levels"},
      {"too large", std::string(kMaxLogEntryBytes + 1, ' '), "at most 1048576 were expected"},
  };
  for (const auto& each : cases) {
    INFO(each.what);
    CHECK_THROWS_MATCHES(parse_log_entry(each.json, kKey), Error,
                         fails(ErrorCode::kCorrupt, {"'" + kKey + "' is damaged: ", each.says,
                                                     ": restore it from a copy of the storage"}));
  }
}

TEST_CASE("cut off anywhere and with any byte changed an entry never crashes the reader",
          "[core][registry]") {
  const std::string json = to_json(second_entry());
  const auto read = [](const std::string& text) {
    try {
      parse_log_entry(text, kKey);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kCorrupt);
      CHECK(error.class_name() == "MyFilter");
    }
  };
  for (std::size_t i = 0; i < json.size(); ++i) {
    read(json.substr(0, i));
    for (const char c : {'\0', '"', '{', '}', '[', '\\', '\xff', '9'}) {
      std::string changed = json;
      changed[i] = c;
      read(changed);
    }
  }
}

TEST_CASE("a message that no entry can hold is refused", "[core][registry]") {
  CHECK_THROWS_MATCHES(require_message("\xff\xfe"), Error,
                       fails(ErrorCode::kUsage, {"'\\xff\\xfe' is not UTF-8"}));
  CHECK_THROWS_MATCHES(require_message(std::string(kMaxMessageBytes + 1, 'x')), Error,
                       fails(ErrorCode::kUsage, {"65537 bytes, at most 65536"}));
  CHECK_THROWS_MATCHES(require_message(std::string("a\0b", 3)), Error,
                       fails(ErrorCode::kUsage, {"has a NUL character", "remove it"}));
  LogEntry by_nobody = second_entry();
  by_nobody.by.push_back('\0');
  CHECK_THROWS_MATCHES(to_json(by_nobody), Error, fails(ErrorCode::kUsage, {"NUL"}));
  // The worst that is allowed still fits into an entry.
  LogEntry entry = second_entry();
  entry.message = std::string(kMaxMessageBytes, '\x01');
  require_message(entry.message);
  CHECK(parse_log_entry(to_json(entry), kKey) == entry);
}

TEST_CASE("times are written in UTC", "[core][registry]") {
  using std::chrono::seconds;
  using std::chrono::system_clock;
  CHECK(pet::utc_time(system_clock::time_point(seconds(0))) == "1970-01-01T00:00:00Z");
  CHECK(pet::utc_time(system_clock::time_point(seconds(1762162200))) == "2025-11-03T09:30:00Z");
}

TEST_CASE("keys of a registry are made and read in one place", "[core][registry]") {
  const Hash hash = hash_of("binary");
  CHECK(binary_key("A", hash, kLinux) == "plugins/A/" + hash.hex() + ".so");
  CHECK(binary_key("A", hash, "windows-x86_64") == "plugins/A/" + hash.hex() + ".dll");
  CHECK(facts_key("A", hash) == "plugins/A/" + hash.hex() + ".json");
  CHECK(log_key("A", 42) == "plugins/A/log/0000000042.json");
  CHECK(log_key("A", kMaxLogNumber) == "plugins/A/log/9999999999.json");
  CHECK(latest_key("A") == "plugins/A/latest.json");

  CHECK(log_number("plugins/A/log/0000000042.json", "A") == 42u);
  for (const char* other :
       {"plugins/A/log/0000000000.json", "plugins/A/log/42.json", "plugins/A/log/00000000042.json",
        "plugins/A/log/000000004x.json", "plugins/A/log/0000000042.txt",
        "plugins/B/log/0000000042.json", "plugins/A/log/+000000042.json"}) {
    INFO(other);
    CHECK_FALSE(log_number(other, "A"));
  }

  CHECK(binary_hash(binary_key("A", hash, kLinux), "A") == hash);
  CHECK(binary_hash(binary_key("A", hash, "windows-x86_64"), "A") == hash);
  CHECK_FALSE(binary_hash(facts_key("A", hash), "A"));
  CHECK_FALSE(binary_hash("plugins/A/x.so", "A"));

  CHECK(class_of("plugins/A/latest.json") == "A");
  CHECK_FALSE(class_of("plugins/README"));
  CHECK_FALSE(class_of("plugins/1A/latest.json"));
  CHECK_FALSE(class_of("other/A/latest.json"));
}
