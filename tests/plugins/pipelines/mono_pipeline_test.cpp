#include "tests/plugins/built_in.hpp"
#include "tests/plugins/small_classes.hpp"

namespace pet::test {
namespace {

using testing::Instance;

XYData rows() { return XYData::mock<double>({{1., 2.}, {3., 4.}}); }

Instance side_by_side(Value::List filters) {
  return make("MonoPipeline", {{"filters", std::move(filters)}});
}

}  // namespace

TEST_CASE("every filter sees the data as given, and the outputs stand side by side", "[plugins]") {
  Instance mono = side_by_side(
      {testing::make<Times>(), testing::make<Sum>(), testing::make<Times>({{"factor", -1.0}})});
  mono.fit(rows());
  const XYData out = mono.predict(rows());
  CHECK(out.shape() == Shape{2, 5});
  CHECK(out.value<double>() == std::vector<double>{2, 4, 10, -1, -2, 6, 8, 10, -3, -4});
}

TEST_CASE("outputs of one type keep it, integers make int64, a mixture float64", "[plugins]") {
  const auto type_of = [](Value::List filters, const XYData& x) {
    Instance mono = side_by_side(std::move(filters));
    mono.fit(x);
    return dtype_name(mono.predict(x).dtype());
  };
  const Instance scaler = make("StandardScalerPlugin");
  const XYData floats = XYData::mock<float>({{1.F}, {2.F}});
  const auto same = [] { return make("F3Pipeline", {{"filters", Value::List{}}}); };
  CHECK(type_of({scaler, same()}, floats) == "float32");
  CHECK(type_of({scaler, testing::make<Sum>()}, floats) == "float64");
  CHECK(type_of({testing::make<Sum>(), same()}, XYData::mock<std::int32_t>({{1}, {2}})) == "int64");
  CHECK(type_of({same(), same()}, XYData::mock<bool>({{true}, {false}})) == "bool");
}

TEST_CASE("MonoPipeline refuses what cannot stand side by side", "[plugins]") {
  CHECK_THROWS_MATCHES(side_by_side({}), Failure,
                       fails(PET_BAD_PARAMS, {"filters: expected at least one, got none"}));
  CHECK_THROWS_MATCHES(
      side_by_side({testing::make<Times>(), testing::make<DropsARow>()}).predict(rows()), Failure,
      fails(PET_BAD_INPUT, {"expected 2 rows", "got float64 [1, 2] from DropsARow"}));
  CHECK_THROWS_MATCHES(
      side_by_side({testing::make<Times>()}).predict(XYData::empty(dtype_of<double>(), {2, 2, 2})),
      Failure, fails(PET_BAD_INPUT, {"1 or 2 dimensions", "float64 [2, 2, 2] from Times"}));
}

TEST_CASE("MonoPipeline evaluates its metrics by name", "[plugins]") {
  const Instance mono =
      make("MonoPipeline", {{"filters", Value::List{testing::make<Times>()}},
                            {"metrics", Value::List{make("Recall"), make("Precission")}}});
  const XYData y = XYData::mock<std::int64_t>({0, 1});
  const std::vector<Score> scores = mono.evaluate(rows(), y, y);
  REQUIRE(scores.size() == 2);
  CHECK(scores[0].name == "Recall");
  CHECK(scores[1].name == "Precission");
  CHECK(scores[0].value == 1);
}

}  // namespace pet::test
