#include "tests/plugins/built_in.hpp"
#include "tests/plugins/oracle_file.hpp"

namespace pet::test {
namespace {

testing::Instance fitted_pca(const XYData& x, std::int64_t count) {
  testing::Instance pca = make("PCAPlugin", {{"n_components", count}});
  pca.fit(x);
  return pca;
}

}  // namespace

TEST_CASE("PCAPlugin projects as scikit-learn does, signs included", "[plugins]") {
  for (const OracleCase& oracle : read_oracles("pca.txt")) {
    INFO(oracle.name);
    const XYData x = oracle.matrices.at("x").data();
    const OracleMatrix& expected = oracle.matrices.at("y");
    const XYData y =
        fitted_pca(x, static_cast<std::int64_t>(oracle.numbers.at("n_components"))).predict(x);
    REQUIRE(y.shape() == Shape{expected.rows, expected.columns});
    const std::vector<double> values = y.value<double>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      CHECK(values[i] == Approx(expected.values[i]).epsilon(1e-6).margin(1e-8));
    }
  }
}

TEST_CASE("PCAPlugin keeps float32, takes integers, strided rows and many blocks", "[plugins]") {
  std::vector<double> values;
  for (int i = 0; i < 3 * 2500; ++i) values.push_back((i * 7919) % 101);
  const XYData x = XYData::mock(values, {2500, 3});
  const testing::Instance pca = fitted_pca(x, 2);
  const std::vector<double> expected = pca.predict(x).value<double>();

  const XYData integers = XYData::mock(x.converted<std::int64_t>(), {2500, 3});
  CHECK(pca.predict(integers).value<double>() == expected);
  const XYData narrow = pca.predict(XYData::mock(x.converted<float>(), {2500, 3}));
  REQUIRE(narrow.is<float>());
  CHECK(narrow.value<float>()[4999] == static_cast<float>(expected[4999]));
  CHECK(pca.predict(x.rows(2400, 2500)).value<double>() ==
        std::vector<double>(expected.end() - 200, expected.end()));
}

TEST_CASE("what PCAPlugin learned travels as its state", "[plugins]") {
  const XYData x = XYData::mock({{1.0, 2.0}, {3.0, 1.0}, {0.0, 5.0}});
  const testing::Instance pca = fitted_pca(x, 2);
  testing::Instance other = make("PCAPlugin");
  other.load(pca.save());
  CHECK(other.predict(x).value<double>() == pca.predict(x).value<double>());

  testing::Instance narrower = make("PCAPlugin", {{"n_components", 1}});
  CHECK_THROWS_MATCHES(narrower.load(pca.save()), Failure,
                       fails(PET_BAD_STATE, {"expected 1 directions of 2 numbers, got 4 numbers"}));
}

TEST_CASE("PCAPlugin refuses a state that no fit makes", "[plugins]") {
  using List = std::vector<double>;
  const auto refuse = [](std::int64_t n, const List& mean, const List& components,
                         const std::string& why) {
    StateWriter state("PCAPlugin", 1);
    state.put("mean", mean);
    state.put("components", components);
    testing::Instance pca = make("PCAPlugin", {{"n_components", n}});
    CHECK_THROWS_MATCHES(pca.load(state.finish()), Failure, fails(PET_BAD_STATE, {why}));
    CHECK_THROWS_MATCHES(pca.predict(XYData::mock({{1.0}})), Failure,
                         fails(PET_NOT_FITTED, {"predict before fit"}));
  };
  const std::string finite = "expected finite means and directions, got NaN or infinity";
  refuse(1, {std::nan(""), 0}, {1, 0}, finite);
  refuse(1, {0, 0}, {1, HUGE_VAL}, finite);
  refuse(1, {0, 0}, {1, 0, 0}, "expected 1 directions of 2 numbers, got 3 numbers");
  refuse(1, {}, {1}, "expected 1 directions of 0 numbers, got 1 numbers");
  refuse(2, {0}, {1, 1}, "expected 2 directions of 1 numbers, got 2 numbers");
  // 4 * n wraps to the 8 numbers that are there.
  refuse((std::int64_t{1} << 62) + 2, {0, 0, 0, 0}, List(8), "directions of 4 numbers, got 8");
}

TEST_CASE("PCAPlugin refuses what it cannot project, in these words", "[plugins]") {
  const XYData x = XYData::mock({{1.0, 2.0}, {3.0, 1.0}, {0.0, 5.0}});
  CHECK_THROWS_MATCHES(make("PCAPlugin", {{"n_components", 0}}), Failure,
                       fails(PET_BAD_PARAMS, {"n_components: expected at least 1, got 0"}));
  CHECK_THROWS_MATCHES(
      fitted_pca(x, 3), Failure,
      fails(PET_BAD_INPUT, {"n_components is 3, but float64 [3, 2] has at most 2"}));
  CHECK_THROWS_MATCHES(fitted_pca(XYData::mock({{1.0, std::nan("")}, {3.0, 1.0}}), 1), Failure,
                       fails(PET_BAD_INPUT, {"row 0, column 1 is NaN"}));
  for (const double large : {1e308, 1e200}) {
    CHECK_THROWS_MATCHES(fitted_pca(XYData::mock({{large, 0.0}, {large, 1.0}, {-large, 2.0}}), 1),
                         Failure, fails(PET_BAD_INPUT, {"x: its numbers are so large"}));
  }
  CHECK_THROWS_MATCHES(make("PCAPlugin").predict(x), Failure,
                       fails(PET_NOT_FITTED, {"predict before fit"}));
  CHECK_THROWS_MATCHES(fitted_pca(x, 2).predict(XYData::mock({{1.0}})), Failure,
                       fails(PET_BAD_INPUT, {"expected 2 columns as in fit, got float64 [1, 1]"}));
}

}  // namespace pet::test
