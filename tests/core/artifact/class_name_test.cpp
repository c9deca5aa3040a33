#include "core/artifact/class_name.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "storage/error.hpp"

namespace {

TEST_CASE("class names are identifiers of up to 128 characters", "[core][artifact]") {
  for (const std::string& good : {std::string("MyFilter"), std::string("_"), std::string("a1"),
                                  std::string("F1"), std::string(128, 'x')}) {
    CHECK(pet::is_class_name(good));
    CHECK_NOTHROW(pet::require_class_name(good));
  }
  for (const std::string& bad :
       {std::string(), std::string("1A"), std::string("My Filter"), std::string("../evil"),
        std::string("a/b"), std::string("a.b"), std::string("a-b"), std::string("a\0b", 3),
        std::string("MyFilter\n"), std::string("Мy"), std::string("café"), std::string(129, 'x')}) {
    CHECK_FALSE(pet::is_class_name(bad));
  }
}

TEST_CASE("what is no class name is refused, naming what came and what is allowed",
          "[core][artifact]") {
  try {
    pet::require_class_name("../evil");
    FAIL("accepted");
  } catch (const pet::Error& error) {
    CHECK(error.code() == pet::ErrorCode::kInvalidName);
    CHECK(
        error.what() ==
        std::string("'../evil' is not a class name: expected a letter or '_', then letters, digits "
                    "and '_', 128 characters at most"));
  }
}

}  // namespace
