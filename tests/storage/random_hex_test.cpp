#include "storage/random_hex.hpp"

#include <catch2/catch.hpp>
#include <set>

namespace pet {

TEST_CASE("random hex digits are as many as asked for, all of them, and other ones each time",
          "[storage]") {
  std::set<std::string> made;
  std::set<char> digits;
  for (int i = 0; i < 200; ++i) {
    const std::string text = random_hex(33);
    CHECK(text.size() == 33);
    digits.insert(text.begin(), text.end());
    made.insert(text);
  }
  CHECK(made.size() == 200);
  CHECK(std::string(digits.begin(), digits.end()) == "0123456789abcdef");
  CHECK(random_hex(0).empty());
}

}  // namespace pet
