#include "storage/http/byte_range.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

namespace pet::test {

TEST_CASE("a range is asked for as servers read it", "[http]") {
  CHECK(byte_range(0, 10) == "bytes=0-9");
  CHECK(byte_range(5, UINT64_MAX) == "bytes=5-");
}

TEST_CASE("only the part that was asked for is that part", "[http]") {
  const auto has = [](const std::string& content_range, std::uint64_t offset, std::uint64_t end,
                      const std::string& body) {
    return has_byte_range(
        {.status = 206, .headers = {{"content-range", content_range}}, .body = body}, offset, end);
  };
  CHECK(has("bytes 2-4/10", 2, 5, "234"));
  CHECK(has("bytes 2-4/*", 2, 5, "234"));
  CHECK(has("bytes 7-9/10", 7, 50, "789"));
  CHECK(has("bytes 7-9/10", 7, UINT64_MAX, "789"));
  CHECK_FALSE(has("bytes 2-4/10", 2, 5, "23"));
  for (const std::string other :
       {"bytes 2-3/10", "bytes 2-3/*", "bytes 1-4/10", "bytes 2-5/10", "bytes 2-4/4", "bytes 2-4/0",
        "bytes */10", "bytes 2-4", "bytes 2/10", "bytes -4/10", "bytes 2-/10", "bytes 2-4/",
        "2-4/10", "bytes=2-4/10", "bytes 2-18446744073709551615/0", "bytes 2-4/ten", ""}) {
    CAPTURE(other);
    CHECK_FALSE(has(other, 2, 5, "234"));
    CHECK_FALSE(has(other, 2, 5, "23"));
  }
}

}  // namespace pet::test
