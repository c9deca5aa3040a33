// What a parameter accepts, what it is without being given, and what is said when it does not fit.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "pet/filter.hpp"
#include "pet/metric.hpp"
#include "pet/testing.hpp"
#include "tests/sdk/messages.hpp"

namespace {

using pet::Object;
using pet::Value;
using pet::testing::make;

constexpr double kTolerance = 1e-3;

// One parameter of every type; predict and fit do nothing.
class Everything : public pet::Filter<Everything> {
 public:
  PET_PARAM(bool, flag, true, "a bool");
  PET_PARAM(std::int64_t, count, -3, "an int64");
  PET_PARAM(double, tolerance, kTolerance, "a float64, its default a constant expression");
  PET_PARAM(std::string, kernel, "rbf", "a text");
  PET_PARAM(std::optional<bool>, maybe_flag, pet::null, "nullable");
  PET_PARAM(std::optional<std::int64_t>, n_jobs, 4, "nullable, with a default");
  PET_PARAM(std::optional<double>, gamma, pet::null, "nullable");
  PET_PARAM(std::optional<std::string>, name, "x", "nullable");
  PET_PARAM(std::vector<double>, weights, pet::list_of(0.5, 2), "a list");
  PET_PARAM(std::vector<std::string>, names, pet::list_of("a", "b"), "a list of texts");
  PET_PARAM(std::vector<std::int64_t>, sizes, {}, "an empty list");
  PET_PARAM(std::vector<bool>, flags, {}, "a list of bools");
  PET_PARAM(std::optional<std::vector<double>>, grid, pet::null, "a nullable list");
  PET_PARAM(pet::Value, anything, "auto", "any type");
  PET_PARAM(pet::Object, options, {}, "an object");
  PET_PARAM(std::optional<pet::Object>, more, pet::null, "a nullable object");

  pet::XYData predict(const pet::XYData& x) const { return x.view(); }
};
PET_CLASS(Everything)

// Shows what arrived in a field as one number.
class Reader : public pet::Filter<Reader> {
 public:
  PET_PARAM(double, number, 0.5, "");
  PET_PARAM(std::optional<std::int64_t>, maybe, pet::null, "");
  PET_PARAM(std::vector<double>, list, pet::list_of(1, 2.5), "");
  PET_PARAM(std::vector<bool>, bools, {}, "");
  PET_PARAM(pet::Value, any, 7, "");
  PET_PARAM(std::string, text, "héllo", "");

  pet::XYData predict(const pet::XYData&) const {
    double sum = 0;
    for (const double item : list) sum += item;
    return pet::XYData::mock<double>({number, maybe ? static_cast<double>(*maybe) : -1.0, sum,
                                      static_cast<double>(bools.size()), any.as_double(),
                                      static_cast<double>(text.size())});
  }
};
PET_CLASS(Reader)

class Needy : public pet::Filter<Needy> {
  PET_PARAM(pet::FilterChild, filter, pet::required, "no default");
  PET_PARAM(std::optional<pet::MetricChild>, metric, pet::null, "");
  PET_PARAM(std::vector<pet::AnyChild>, others, {}, "");
  PET_PARAM(std::optional<pet::ClassRef>, clazz, pet::null, "");

 public:
  pet::XYData predict(const pet::XYData& x) const { return filter.predict(x); }
};
PET_CLASS(Needy)

class Zero : public pet::Metric<Zero> {
 public:
  static constexpr bool kHigherBetter = false;
  double measure(const pet::XYData&, const pet::XYData&) const { return 0; }
};
PET_CLASS(Zero)

class Checked : public pet::Filter<Checked> {
 public:
  PET_TUNABLE(std::int64_t, low, 1, "");
  PET_TUNABLE(std::int64_t, high, 5, "");
  PET_PARAM(std::string, fixed, "f", "");
  void validate() const {
    if (low > high) throw pet::Failure::bad_params("low: expected at most high");
  }
  pet::XYData predict(const pet::XYData&) const { return pet::XYData::mock({low, high}); }
};
PET_CLASS(Checked)

class Open : public pet::Filter<Open> {
 public:
  PET_PARAM(std::int64_t, known, 1, "");
  PET_OPEN_PARAMS(others);
  pet::XYData predict(const pet::XYData&) const {
    return pet::XYData::mock<std::int64_t>(
        {known, static_cast<std::int64_t>(others.size()), others.at("b").as_int()});
  }
};
PET_CLASS(Open)

std::vector<double> read_back(const Object& params) {
  return make<Reader>(params).predict(pet::XYData::mock({0.0})).value<double>();
}

}  // namespace

TEST_CASE("a parameter that is not given has its default", "[sdk][params]") {
  CHECK(read_back({}) == std::vector<double>{0.5, -1, 3.5, 0, 7, 6});
}

TEST_CASE("given parameters reach the fields, and an integer widens to a float", "[sdk][params]") {
  const Object given{{"number", 3},
                     {"maybe", 4},
                     {"list", Value::List{1, 2.5, 3}},
                     {"bools", Value::List{true, false}},
                     {"any", 1.5},
                     {"text", "z"}};
  CHECK(read_back(given) == std::vector<double>{3, 4, 6.5, 2, 1.5, 1});
  CHECK(read_back({{"maybe", pet::null}})[1] == -1);
  CHECK(std::isnan(read_back({{"number", std::nan("")}})[0]));
}

TEST_CASE("a value of another type is refused by name, with what was expected and what came",
          "[sdk][params]") {
  const Value::List mixed{1.0, "two"};
  const struct {
    const char* name;
    Value value;
    const char* message;
  } table[] = {
      {"flag", 1, "parameter 'flag': expected bool, got int64"},
      {"flag", "true", "parameter 'flag': expected bool, got text"},
      {"flag", pet::null, "parameter 'flag': expected bool, got null"},
      {"count", 1.0, "parameter 'count': expected int64, got float64"},
      {"count", true, "parameter 'count': expected int64, got bool"},
      {"tolerance", true, "parameter 'tolerance': expected float64, got bool"},
      {"tolerance", "1", "parameter 'tolerance': expected float64, got text"},
      {"kernel", 1, "parameter 'kernel': expected text, got int64"},
      {"kernel", Object{}, "parameter 'kernel': expected text, got object"},
      {"n_jobs", 1.5, "parameter 'n_jobs': expected int64, got float64"},
      {"weights", 1.0, "parameter 'weights': expected list, got float64"},
      {"weights", mixed, "parameter 'weights', element 1: expected float64, got text"},
      {"names", pet::null, "parameter 'names': expected list, got null"},
      {"grid", Value::List{pet::null}, "parameter 'grid', element 0: expected float64, got null"},
      {"options", Value::List{}, "parameter 'options': expected object, got list"},
      {"kernels", "rbf", "no parameter 'kernels': did you mean 'kernel'?"},
      {"Kernel", "rbf", "no parameter 'Kernel': did you mean 'kernel'?"},
      {"njobs", 1, "no parameter 'njobs': did you mean 'n_jobs'?"},
      {"something_else", 1, "no parameter 'something_else'"},
      {"", 1, "no parameter ''"},
  };
  for (const auto& row : table) {
    const Thrown thrown = thrown_by([&] { make<Everything>({{row.name, row.value}}); });
    INFO(row.name << ": " << row.message);
    CHECK(thrown.status == PET_BAD_PARAMS);
    CHECK(thrown.text == row.message);
  }
}

TEST_CASE("values of the right type are accepted", "[sdk][params]") {
  const Object accepted{{"flag", false},
                        {"count", std::numeric_limits<std::int64_t>::min()},
                        {"tolerance", 1},
                        {"kernel", ""},
                        {"maybe_flag", true},
                        {"n_jobs", pet::null},
                        {"gamma", 2},
                        {"grid", Value::List{}},
                        {"anything", Value::List{1, "a", pet::null}},
                        {"options", Object{{"a", 1}}},
                        {"more", Object{}}};
  CHECK_NOTHROW(make<Everything>(accepted));
}

TEST_CASE("a parameter without a default has to be given", "[sdk][params]") {
  const Thrown thrown = thrown_by([] { make<Needy>(); });
  CHECK(thrown.status == PET_BAD_PARAMS);
  CHECK(thrown.text == "parameter 'filter' is required");
}

TEST_CASE("a child is checked to be of its kind before the parent exists", "[sdk][params]") {
  CHECK_NOTHROW(make<Needy>({{"filter", make<Reader>()},
                             {"metric", make<Zero>()},
                             {"others", Value::List{make<Zero>(), make<Reader>()}},
                             {"clazz", pet::testing::class_of<Zero>()}}));
  const auto zero = make<Zero>();
  const auto reader = make<Reader>();
  const struct {
    Object params;
    const char* message;
  } table[] = {
      {{{"filter", zero}}, "parameter 'filter': expected a filter, got Zero, a metric"},
      {{{"filter", 1}}, "parameter 'filter': expected a filter, got int64"},
      {{{"filter", pet::testing::class_of<Reader>()}},
       "parameter 'filter': expected a filter, got class"},
      {{{"filter", reader}, {"metric", reader}},
       "parameter 'metric': expected a metric, got Reader, a filter"},
      {{{"filter", reader}, {"others", Value::List{reader, 2}}},
       "parameter 'others', element 1: expected an instance, got int64"},
      {{{"filter", reader}, {"clazz", zero}}, "parameter 'clazz': expected class, got instance"},
  };
  for (const auto& row : table)
    CHECK(thrown_by([&] { make<Needy>(row.params); }).text == row.message);
}

TEST_CASE("validate sees all parameters at creation", "[sdk][params]") {
  CHECK_NOTHROW(make<Checked>({{"high", 9}, {"low", 9}}));
  const Thrown thrown = thrown_by([] { make<Checked>({{"low", 6}}); });
  CHECK(thrown.status == PET_BAD_PARAMS);
  CHECK(thrown.text == "low: expected at most high");
}

TEST_CASE("a tunable parameter changes after creation, or not at all", "[sdk][params]") {
  auto checked = make<Checked>();
  const auto state = [&] { return checked.predict(pet::XYData::mock({0})).value<std::int64_t>(); };
  checked.set("high", 9);
  CHECK(state() == std::vector<std::int64_t>{1, 9});

  CHECK(thrown_by([&] { checked.set("low", 10); }).text == "low: expected at most high");
  CHECK(thrown_by([&] { checked.set("low", "x"); }).text ==
        "parameter 'low': expected int64, got text");
  CHECK(thrown_by([&] { checked.set("fixed", "g"); }).text ==
        "parameter 'fixed' cannot be changed after creation");
  CHECK(thrown_by([&] { checked.set("lo", 1); }).text == "no parameter 'lo': did you mean 'low'?");
  CHECK(state() == std::vector<std::int64_t>{1, 9});
}

TEST_CASE("only a class with a tunable parameter has pet.params/1", "[sdk][params]") {
  CHECK(make<Checked>().has(PET_PARAMS_1));
  CHECK_FALSE(make<Reader>().has(PET_PARAMS_1));
}

TEST_CASE("open parameters collect what is not declared", "[sdk][params]") {
  const auto open = make<Open>({{"known", 5}, {"a", "x"}, {"b", 3}});
  CHECK(open.predict(pet::XYData::mock({0})).value<std::int64_t>() ==
        std::vector<std::int64_t>{5, 2, 3});
}

TEST_CASE("parameters that are no object are refused", "[sdk][params]") {
  const Value list = Value::List{};
  const pet::ValueView view(list);
  pet_instance* instance = nullptr;
  pet::detail::FailureBuffer failure;
  const pet_entry& entry = pet::entry_of<Reader>();
  const pet_host* host = pet::testing::FakeHost::shared().get();
  CHECK(entry.create(host, view.get(), &instance, failure.get()) == PET_BAD_PARAMS);
  CHECK(failure.text() == "the parameters: expected object, got list");
  CHECK(instance == nullptr);
  // NULL is no parameters at all.
  REQUIRE(entry.create(host, nullptr, &instance, failure.get()) == PET_OK);
  entry.destroy(instance);
}
