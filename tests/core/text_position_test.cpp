#include "core/text_position.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace pet::test {
namespace {

TEST_CASE("a position is a line and a column in characters", "[core]") {
  struct {
    std::string text;
    std::size_t offset;
    std::string says;
  } const cases[] = {
      {"", 0, "line 1, column 1"},
      {"abc", 0, "line 1, column 1"},
      {"abc", 2, "line 1, column 3"},
      {"abc", 3, "line 1, column 4"},
      {"abc", 99, "line 1, column 4"},
      {"a\nbc", 1, "line 1, column 2"},
      {"a\nbc", 2, "line 2, column 1"},
      {"\n\n", 2, "line 3, column 1"},
      {"a\r\nb", 3, "line 2, column 1"},
      {"üüx", 4, "line 1, column 3"},
      {"ab\n\xE2\x82\xACx", 6, "line 2, column 2"},
      {"\xFF\xFFx", 2, "line 1, column 3"},  // not UTF-8
      {std::string("\0\0x", 3), 2, "line 1, column 3"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.text, each.offset);
    CHECK(to_string(position_of(each.text, each.offset)) == each.says);
  }
}

}  // namespace
}  // namespace pet::test
