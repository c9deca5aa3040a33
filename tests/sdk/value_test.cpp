// Value and Object: what they hold, and their way across the boundary and back.
#include "pet/value.hpp"

#include <catch2/catch.hpp>

#include "tests/sdk/messages.hpp"

using pet::Object;
using pet::Value;

TEST_CASE("a value has the type of what it was made from", "[sdk][value]") {
  CHECK(Value().type() == PET_TYPE_NULL);
  CHECK(Value(pet::null).is_null());
  CHECK(Value(true).type() == PET_TYPE_BOOL);
  CHECK(Value(1).type() == PET_TYPE_INT64);
  CHECK(Value(1u).type() == PET_TYPE_INT64);
  CHECK(Value(1.0f).type() == PET_TYPE_FLOAT64);
  CHECK(Value("a").type() == PET_TYPE_TEXT);
  CHECK(Value(std::string("a")).type() == PET_TYPE_TEXT);
  CHECK(Value(Value::List{}).type() == PET_TYPE_LIST);
  CHECK(Value(Object{}).type() == PET_TYPE_OBJECT);
  CHECK(Value::instance(nullptr).type() == PET_TYPE_INSTANCE);
  CHECK(Value::clazz(nullptr).type() == PET_TYPE_CLASS);
}

TEST_CASE("reading another type says both", "[sdk][value]") {
  CHECK(Value(2).as_double() == 2.0);
  CHECK(thrown_by([] { Value(2.5).as_int(); }).text == "expected int64, got float64");
  CHECK(thrown_by([] { Value("x").as_object(); }).text == "expected object, got text");
  CHECK(thrown_by([] { Value().as_text(); }).text == "expected text, got null");
  CHECK(thrown_by([] { Object{}.at("k"); }).text == "no field 'k'");
}

TEST_CASE("an object keeps the order of its keys, each once", "[sdk][value]") {
  Object object{{"z", 1}, {"a", 2}, {"z", 3}};
  object["m"] = "x";
  CHECK(object.size() == 3);
  CHECK(object.begin()->key == "z");
  CHECK(object.at("z").as_int() == 3);
  CHECK(object.erase("z"));
  CHECK_FALSE(object.erase("z"));
  CHECK(object == Object{{"a", 2}, {"m", "x"}});
  CHECK(object != Object{{"m", "x"}, {"a", 2}});
  CHECK(Value(1) != Value(1.0));
}

TEST_CASE("a value crosses the boundary and back unchanged", "[sdk][value]") {
  int somebody = 0;
  auto* child = reinterpret_cast<pet_child*>(&somebody);
  const Value value =
      Object{{"null", pet::null},
             {"bool", true},
             {"int", INT64_MIN},
             {"float", -0.5},
             {"text", std::string("with\0nul", 8)},
             {"empty", ""},
             {"child", Value::instance(child)},
             {"class", Value::clazz(nullptr)},
             {"list", Value::List{1, Value::List{}, Object{{"deep", Value::List{"x"}}}}}};
  const pet::ValueView view(value);
  CHECK(Value::copy_of(*view.get()) == value);

  pet_value unknown{};
  unknown.type = 77;
  CHECK(thrown_by([&] { Value::copy_of(unknown); }).text == "a value of unknown type 77");
}
