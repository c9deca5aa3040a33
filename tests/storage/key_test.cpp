#include "storage/key.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/storage/error_matcher.hpp"

namespace pet::test {

TEST_CASE("keys of the registry's layout are valid", "[storage]") {
  for (const std::string& key :
       {std::string("a"), std::string("plugins/MyFilter/latest.json"),
        "plugins/MyFilter/" + std::string(64, 'f') + ".so",
        std::string("plugins/MyFilter/log/0000000042.json"),
        std::string("plugins/My_Filter-2/tags/v1.2.0.json"), std::string("a..b/c."),
        std::string("-"), std::string("_"), std::string(255, 'x')}) {
    CAPTURE(key);
    CHECK(is_key(key));
    CHECK_NOTHROW(check_key(key));
    CHECK_NOTHROW(check_prefix(key));
    CHECK_NOTHROW(check_prefix(key + "/"));
  }
}

TEST_CASE("an invalid key is refused by name, with the rule that it breaks", "[storage]") {
  using namespace std::string_literals;
  struct Case {
    std::string key, says;
  };
  const std::vector<Case> cases{
      {"", "storage key '' is empty"},
      {"/a", "has an empty segment"},
      {"a/", "has an empty segment"},
      {"a//b", "has an empty segment"},
      {"/", "has an empty segment"},
      {".", "begins with '.'"},
      {"..", "begins with '.'"},
      {"a/../b", "storage key 'a/../b' has a segment that begins with '.'"},
      {"a/./b", "begins with '.'"},
      {".tmp-1-2", "begins with '.'"},
      {"a b", "has the character ' '"},
      {"a\0b"s, "storage key 'a\\x00b' has the character '\\x00'"},
      {"a\nb", "has the character '\\x0a'"},
      {"a\\b", "has the character '\\'"},
      {"a:b", "has the character ':'"},
      {"a%2f", "has the character '%'"},
      {"caf\xc3\xa9", "has the character '\\xc3'"},
      {"a?b", "allowed are A-Z a-z 0-9 . _ - and '/'"},
      {std::string(256, 'x'), "has a segment of 256 bytes, the most is 255"},
      {std::string(1025, 'x'), "has 1025 bytes, the most is 1024"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.key);
    CHECK_FALSE(is_key(c.key));
    CHECK_THROWS_MATCHES(check_key(c.key), Error, fails(ErrorCode::kInvalidName, {c.says}));
  }
}

TEST_CASE("a key of 1024 bytes is valid, one of 1025 is not", "[storage]") {
  std::string key;
  while (key.size() < 1024) key += std::string(127, 'k') + "/";
  key.back() = 'k';
  REQUIRE(key.size() == 1024);
  CHECK(is_key(key));
  CHECK_FALSE(is_key(key + "k"));
}

TEST_CASE("the empty prefix is valid, one that no key can have is not", "[storage]") {
  CHECK_NOTHROW(check_prefix(""));
  for (const char* prefix : {"/", "a//", "../", "a/.", "a b"}) {
    CAPTURE(prefix);
    CHECK_THROWS_MATCHES(check_prefix(prefix), Error,
                         fails(ErrorCode::kInvalidName, {"storage prefix '"}));
  }
}

}  // namespace pet::test
