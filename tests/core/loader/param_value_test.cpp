#include "core/loader/param_value.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "storage/error.hpp"
#include "tests/core/loader/loading.hpp"
#include "tests/storage/error_matcher.hpp"

namespace pet {
namespace {

using test::fails;

TEST_CASE("a value knows its kind", "[core]") {
  CHECK(ParamValue().kind() == "null");
  CHECK(ParamValue(nullptr).kind() == "null");
  CHECK(ParamValue(true).kind() == "bool");
  CHECK(ParamValue(1).kind() == "int64");
  CHECK(ParamValue(1u).kind() == "int64");
  CHECK(ParamValue(1ll).kind() == "int64");
  CHECK(ParamValue(1.0).kind() == "float64");
  CHECK(ParamValue("a").kind() == "text");
  CHECK(ParamValue(ParamList{1, 2}).kind() == "list");
  CHECK(ParamValue(ParamObject{{"a", 1}}).kind() == "object");
}

TEST_CASE("a value of another kind is refused with both kinds", "[core]") {
  CHECK_THROWS_MATCHES(ParamValue("a").as_int64(), Error,
                       fails(ErrorCode::kBadParams, {"expected int64, got text"}));
  CHECK_THROWS_MATCHES(ParamValue(1.0).as_int64(), Error,
                       fails(ErrorCode::kBadParams, {"expected int64, got float64"}));
  CHECK_THROWS_MATCHES(ParamValue(1).as_bool(), Error,
                       fails(ErrorCode::kBadParams, {"expected bool, got int64"}));
  CHECK_THROWS_MATCHES(ParamValue().as_instance(), Error,
                       fails(ErrorCode::kBadParams, {"expected instance, got null"}));
}

TEST_CASE("only an integer widens, and only to a float", "[core]") {
  CHECK(ParamValue(3).as_float64() == 3.0);
  CHECK_THROWS_AS(ParamValue(true).as_float64(), Error);
  CHECK_THROWS_AS(ParamValue("3").as_float64(), Error);
}

TEST_CASE("values are equal when kind and content are", "[core]") {
  CHECK(ParamValue(1) == ParamValue(1));
  CHECK_FALSE(ParamValue(1) == ParamValue(1.0));
  CHECK_FALSE(ParamValue(1) == ParamValue(true));
  CHECK(ParamValue(ParamList{1, "a"}) == ParamValue(ParamList{1, "a"}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(ParamValue(nan) == ParamValue(nan));
  CHECK(ParamValue(ParamList{nan}) == ParamValue(ParamList{nan}));
}

TEST_CASE("an object keeps the order of its keys, and compares without it", "[core]") {
  ParamObject object{{"b", 1}, {"a", 2}};
  object.set("c", 3);
  object.set("b", 4);
  CHECK(object.fields()[0].first == "b");
  CHECK(object.fields()[2].first == "c");
  CHECK(object.at("b") == ParamValue(4));
  CHECK(object == ParamObject{{"a", 2}, {"c", 3}, {"b", 4}});
  CHECK_FALSE(object == ParamObject{{"a", 2}, {"c", 3}});
  CHECK(object.erase("a"));
  CHECK_FALSE(object.erase("a"));
  CHECK_FALSE(object.contains("a"));
  CHECK(object.size() == 2);
  CHECK_THROWS_MATCHES(object.at("a"), Error, fails(ErrorCode::kBadParams, {"no field 'a'"}));
}

TEST_CASE("instances and classes are values too", "[core]") {
  const PetClass clazz = test::load_fixture("good_filter");
  const BasePlugin instance = clazz.create();
  CHECK(ParamValue(clazz).kind() == "class");
  CHECK(ParamValue(clazz).as_class() == clazz);
  CHECK(ParamValue(instance).kind() == "instance");
  CHECK(ParamValue(instance).as_instance().same_instance(instance));
  CHECK(ParamValue(instance) == ParamValue(clazz.create()));
  CHECK_FALSE(ParamValue(instance) == ParamValue(clazz.create({{"factor", 9.0}})));
  CHECK_FALSE(ParamValue(instance) == ParamValue(clazz));
}

}  // namespace
}  // namespace pet
