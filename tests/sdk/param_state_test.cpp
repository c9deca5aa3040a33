// The state of a class with PET_STATE holds its children's.
#include <catch2/catch.hpp>

#include "pet/filter.hpp"
#include "pet/metric.hpp"
#include "pet/testing.hpp"
#include "tests/sdk/messages.hpp"

namespace {

using pet::Object;
using pet::Value;
using pet::XYData;
using pet::testing::Instance;
using pet::testing::make;

// The first number that it was fitted on, times `times`.
class First : public pet::Filter<First> {
 public:
  PET_PARAM(std::int64_t, times, 1, "");
  PET_STATE(std::int64_t, first, "");
  PET_STATE(bool, fitted, "");
  void fit(const XYData& x) {
    first = x.at<std::int64_t>(0);
    fitted = true;
  }
  XYData predict(const XYData&) const {
    if (!fitted) throw pet::Failure::not_fitted("First was not fitted");
    return XYData::mock({times * first});
  }
};
PET_CLASS(First)

class Forgetful : public pet::Filter<Forgetful> {
 public:
  void fit(const XYData&) {}
  XYData predict(const XYData& x) const { return x.view(); }
};
PET_CLASS(Forgetful)

class Plain : public pet::Filter<Plain> {
 public:
  XYData predict(const XYData&) const { return XYData::mock<std::int64_t>({-1}); }
};
PET_CLASS(Plain)

class Zero : public pet::Metric<Zero> {
 public:
  static constexpr bool kHigherBetter = false;
  double measure(const XYData&, const XYData&) const { return 0; }
};
PET_CLASS(Zero)

// Every way to have a child. A field may even be named as a parameter is.
class Wrap : public pet::Filter<Wrap> {
 public:
  PET_PARAM(pet::FilterChild, inner, pet::required, "");
  PET_PARAM(std::vector<pet::FilterChild>, more, {}, "");
  PET_PARAM(std::optional<pet::AnyChild>, maybe, pet::null, "");
  PET_PARAM(std::optional<std::vector<pet::FilterChild>>, some, pet::null, "");
  PET_PARAM(std::optional<pet::MetricChild>, metric, pet::null, "");
  PET_PARAM(double, number, 0.0, "");
  PET_STATE(std::int64_t, rows, "");

  void fit(const XYData& x) {
    rows = x.rows();
    if (inner.has_fit()) inner.fit(x);
    for (auto& child : more) child.fit(x);
    if (maybe) maybe->fit(x);
    if (some) {
      for (auto& child : *some) child.fit(x);
    }
  }
  XYData predict(const XYData& x) const {
    std::vector<std::int64_t> all{rows, first_of(inner, x)};
    for (const auto& child : more) all.push_back(first_of(child, x));
    if (maybe) all.push_back(first_of(*maybe, x));
    if (some) {
      for (const auto& child : *some) all.push_back(first_of(child, x));
    }
    return XYData::mock(all);
  }

 private:
  static std::int64_t first_of(const pet::Child& child, const XYData& x) {
    return child.predict(x).at<std::int64_t>(0);
  }
};
PET_CLASS(Wrap)

// What may hold an instance without being a child's type.
class Free : public pet::Filter<Free> {
 public:
  PET_PARAM(pet::Value, value, pet::null, "");
  PET_PARAM(std::vector<pet::Value>, values, {}, "");
  PET_PARAM(pet::Object, object, {}, "");
  PET_PARAM(std::optional<pet::Object>, maybe, pet::null, "");
  PET_PARAM(std::vector<pet::Object>, objects, {}, "");
  PET_OPEN_PARAMS(others);
  PET_STATE(std::int64_t, rows, "");
  void fit(const XYData& x) { rows = x.rows(); }
  XYData predict(const XYData&) const { return XYData::mock({rows}); }
};
PET_CLASS(Free)

XYData train() { return XYData::mock<std::int64_t>({7, 8}); }

Instance wrap_of_all(const Instance& inner) {
  return make<Wrap>({{"inner", inner},
                     {"more", Value::List{make<First>({{"times", 2}}), make<First>()}},
                     {"maybe", make<First>({{"times", 3}})},
                     {"some", Value::List{make<First>({{"times", 4}})}},
                     {"metric", make<Zero>()}});
}

std::string wrap_state(std::int64_t rows) {
  pet::StateWriter writer("Wrap", 1);
  writer.put("rows", rows);
  return writer.finish();
}

}  // namespace

TEST_CASE("a class with PET_STATE saves and loads its children, whatever holds them",
          "[sdk][state]") {
  Instance fitted = wrap_of_all(make<First>());
  fitted.fit(train());
  Instance landed = wrap_of_all(make<First>());
  landed.load(fitted.save());
  CHECK(landed.predict(train()).value<std::int64_t>() ==
        std::vector<std::int64_t>{2, 7, 14, 7, 21, 28});
  CHECK(landed.save() == fitted.save());
}

TEST_CASE("children of children come along", "[sdk][state]") {
  const auto nested = [] {
    return make<Wrap>({{"inner", make<Wrap>({{"inner", make<First>()}})}});
  };
  Instance fitted = nested();
  fitted.fit(train());
  Instance landed = nested();
  landed.load(fitted.save());
  CHECK(landed.save() == fitted.save());
  CHECK(fitted.save() != nested().save());
}

TEST_CASE("a child that can be fitted and saves nothing is refused at save", "[sdk][state]") {
  const Instance wrap = make<Wrap>({{"inner", make<Forgetful>()}});
  const Thrown thrown = thrown_by([&] { wrap.save(); });
  CHECK(thrown.status == PET_UNSUPPORTED);
  CHECK(thrown.text == "Forgetful can be fitted, but cannot save its state");
}

TEST_CASE("a state from before children were saved is read where no child learns", "[sdk][state]") {
  Instance plain = make<Wrap>({{"inner", make<Plain>()}, {"metric", make<Zero>()}});
  plain.load(wrap_state(5));
  CHECK(plain.predict(train()).value<std::int64_t>() == std::vector<std::int64_t>{5, -1});

  Instance learns = make<Wrap>({{"inner", make<First>()}});
  const Thrown thrown = thrown_by([&] { learns.load(wrap_state(5)); });
  CHECK(thrown.status == PET_BAD_STATE);
  CHECK(thrown.text == "saved field 'params/inner' is missing");
}

TEST_CASE("other children than were saved are refused, and the fields keep what they had",
          "[sdk][state]") {
  Instance fitted = wrap_of_all(make<First>());
  fitted.fit(train());
  const std::string all = fitted.save();
  const Value first = fitted.params().at("inner");
  const struct {
    Object params;
    const char* text;
  } table[] = {
      {{{"inner", first}},
       "the saved state has a child 'params/more/0', which the parameters lack"},
      {{{"inner", first}, {"more", Value::List{first, first}}},
       "the saved state has a child 'params/maybe', which the parameters lack"},
      {{{"inner", first}, {"more", Value::List{first, first}}, {"maybe", first}},
       "the saved state has a child 'params/some/0', which the parameters lack"},
      {{{"inner", first}, {"more", Value::List{first, first, first}}},
       "saved field 'params/more/2' is missing"},
  };
  for (const auto& row : table) {
    Instance landed = make<Wrap>(row.params);
    const Thrown thrown = thrown_by([&] { landed.load(all); });
    CHECK(thrown.status == PET_BAD_STATE);
    CHECK(thrown.text == row.text);
  }

  Instance plain = make<Wrap>({{"inner", make<Plain>()}});
  plain.fit(train());
  Instance learns = make<Wrap>({{"inner", make<First>()}});
  learns.fit(XYData::mock<std::int64_t>({3}));
  const std::string before = learns.save();
  CHECK(thrown_by([&] { learns.load(plain.save()); }).text ==
        "saved field 'params/inner' is of a child that learns nothing, and First learns");
  CHECK(learns.save() == before);
}

TEST_CASE("an instance that learns in a free value is refused at save, and the way out named",
          "[sdk][state]") {
  const Instance first = make<First>();
  const Instance plain = make<Plain>();
  const auto params_with = [](const char* name, const Value& instance) -> Object {
    const std::string_view of = name;
    if (of == "values") return {{"values", Value::List{1, instance}}};
    if (of == "objects") return {{"objects", Value::List{Object{{"a", instance}}}}};
    if (of == "object" || of == "maybe")
      return {{name, Object{{"a", Value::List{Object{{"b", instance}}}}}}};
    return {{name, instance}};
  };
  for (const char* name : {"value", "values", "object", "maybe", "objects", "undeclared"}) {
    INFO(name);
    const Thrown thrown = thrown_by([&] { make<Free>(params_with(name, first)).save(); });
    CHECK(thrown.status == PET_UNSUPPORTED);
    CHECK(thrown.text ==
          "parameter '" + std::string(name) +
              "' holds First, whose state PET_STATE does not save: give the class save and load "
              "instead, or the parameter the type pet::FilterChild or pet::AnyChild");

    Instance landed = make<Free>(params_with(name, plain));
    landed.fit(train());
    CHECK_NOTHROW(landed.load(landed.save()));
  }
}
