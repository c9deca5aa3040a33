#include "core/factory/base_factory.hpp"

#include <catch2/catch.hpp>
#include <sstream>
#include <string>

#include "storage/error.hpp"
#include "tests/core/factory/compiled_in.hpp"
#include "tests/core/factory/site.hpp"

namespace pet::test {
namespace {

std::string names_in(const BaseFactory& factory) {
  std::string names;
  for (const auto& [name, clazz] : factory) names += name + " ";
  return names;
}

TEST_CASE("3: a reference stays valid when its name is reassigned, erased or cleared",
          "[core][factory]") {
  BaseFactory factory("filters");
  factory.assign("A", compiled_in<PlainFilter>());
  const PetClass& first = factory["A"];
  factory.assign("A", compiled_in<StandardScalerPlugin>());
  const PetClass& second = factory["A"];
  factory.erase("A");
  factory.clear();
  CHECK(first.name() == "PlainFilter");
  CHECK(second.name() == "StandardScalerPlugin");
}

TEST_CASE("3: iteration is in registration order, over a snapshot", "[core][factory]") {
  BaseFactory factory;
  factory.assign("Zebra", compiled_in<PlainFilter>());
  factory.assign("Ape", compiled_in<PlainFilter>());
  factory.assign("Mule", compiled_in<PlainFilter>());
  CHECK(names_in(factory) == "Zebra Ape Mule ");

  int seen = 0;
  for ([[maybe_unused]] const auto& item : factory) {
    factory.clear();
    ++seen;
  }
  CHECK(seen == 3);
  CHECK(names_in(factory).empty());
}

TEST_CASE("3: contains and erase", "[core][factory]") {
  BaseFactory factory;
  CHECK_FALSE(factory.contains("A"));
  factory.assign("A", compiled_in<PlainFilter>());
  CHECK(factory.contains("A"));
  CHECK(factory.erase("A"));
  CHECK_FALSE(factory.erase("A"));
  CHECK_FALSE(factory.contains("A"));
  CHECK_FALSE(factory.contains("../A"));
}

TEST_CASE("3: print_available_components lists name, kind, version and source", "[core][factory]") {
  BaseFactory factory("classes");
  std::ostringstream none;
  factory.print_available_components(none);
  CHECK(none.str() == "Available classes: none\n");

  factory.assign("PlainFilter", compiled_in<PlainFilter>());
  factory.assign("Precision", compiled_in<Precission>());
  std::ostringstream some;
  factory.print_available_components(some);
  CHECK(some.str() ==
        "Available classes:\n"
        "  PlainFilter  filter, version 1.0, built in\n"
        "  Precision    metric Precission, built in\n");
}

TEST_CASE("3: a name may be an alias; the class keeps its own", "[core][factory]") {
  BaseFactory factory;
  CHECK(factory.assign("Precision", compiled_in<Precission>()).name() == "Precission");
  CHECK(factory["Precision"].name() == "Precission");
}

TEST_CASE("4: index throws class_not_found, naming where it looked and near misses",
          "[core][factory]") {
  BaseFactory factory("filters");
  factory.assign("StandardScalerPlugin", compiled_in<StandardScalerPlugin>());
  CHECK_THROWS_MATCHES(
      factory["StandardScalar"], Error,
      fails(ErrorCode::kClassNotFound, {"no class 'StandardScalar': not among the filters\n"
                                        "  did you mean 'StandardScalerPlugin'?"}));
  try {
    factory["Quite_Different"];
    FAIL("found");
  } catch (const Error& error) {
    CHECK(error.what() == std::string("no class 'Quite_Different': not among the filters"));
    CHECK(error.class_name() == "Quite_Different");
  }
}

TEST_CASE("4: get returns nothing, or the default, for absence", "[core][factory]") {
  BaseFactory factory;
  const PetClass plain = compiled_in<PlainFilter>();
  CHECK_FALSE(factory.get("A").has_value());
  CHECK(factory.get("A", plain) == plain);
  factory.assign("A", compiled_in<Precission>());
  CHECK(factory.get("A")->name() == "Precission");
  CHECK(factory.get("A", plain).name() == "Precission");
}

TEST_CASE("4: a name outside the rule is invalid_name, never absence", "[core][factory]") {
  BaseFactory factory;
  const PetClass plain = compiled_in<PlainFilter>();
  for (const std::string& name :
       {std::string(), std::string("../A"), std::string("A/B"), std::string("9A"),
        std::string("A\0B", 3), std::string("Knn\xC4\xB0"), std::string(129, 'x')}) {
    CHECK_THROWS_MATCHES(factory[name], Error, fails(ErrorCode::kInvalidName));
    CHECK_THROWS_MATCHES(factory.get(name), Error, fails(ErrorCode::kInvalidName));
    CHECK_THROWS_MATCHES(factory.get(name, plain), Error, fails(ErrorCode::kInvalidName));
    CHECK_THROWS_MATCHES(factory.assign(name, plain), Error, fails(ErrorCode::kInvalidName));
  }
}

TEST_CASE("27: a plain factory refuses a pin instead of ignoring it", "[core][factory]") {
  BaseFactory factory("filters");
  factory.assign("PlainFilter", compiled_in<PlainFilter>());
  CHECK_FALSE(factory.has_versions());
  const std::string hex(64, 'a');
  CHECK_THROWS_MATCHES(
      factory.get_version("PlainFilter", hex), Error,
      fails(ErrorCode::kUsage,
            {"the filters have no versions: cannot answer for PlainFilter aaaaaa"}));
  CHECK_THROWS_MATCHES(factory.get_version("PlainFilter", "abc"), Error,
                       fails(ErrorCode::kInvalidHash));
}

TEST_CASE("prefetch answers each request, errors among them", "[core][factory]") {
  BaseFactory factory;
  factory.assign("PlainFilter", compiled_in<PlainFilter>());
  const std::vector<ClassRequest> requests{{"PlainFilter"}, {"Absent"}, {"../A"}};
  const std::vector<ClassAnswer> answers = factory.prefetch(requests);
  REQUIRE(answers.size() == 3);
  CHECK(answers[0].clazz->name() == "PlainFilter");
  CHECK(answers[0].error == nullptr);
  CHECK_THROWS_MATCHES(std::rethrow_exception(answers[1].error), Error,
                       fails(ErrorCode::kClassNotFound));
  CHECK_THROWS_MATCHES(std::rethrow_exception(answers[2].error), Error,
                       fails(ErrorCode::kInvalidName));
}

TEST_CASE("the built-in of a name is found below a binary that was registered over it",
          "[core][factory]") {
  Site site;
  BaseFactory factory;
  factory.assign("GoodFilter", compiled_in<GoodFilter>());
  factory.assign("GoodFilter", site.open("good_filter"));
  CHECK(factory["GoodFilter"].hash().has_value());
  CHECK(factory.get_builtin("GoodFilter") == compiled_in<GoodFilter>());
  CHECK_FALSE(factory.get_builtin("Absent").has_value());
}

}  // namespace
}  // namespace pet::test
