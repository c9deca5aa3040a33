#include <cmath>
#include <limits>

#include "tests/plugins/built_in.hpp"
#include "tests/plugins/oracle_file.hpp"

namespace pet::test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

testing::Instance fitted(const XYData& x) {
  testing::Instance scaler = make("StandardScalerPlugin");
  scaler.fit(x);
  return scaler;
}

void check_close(double actual, double expected) {
  if (std::isnan(expected)) {
    CHECK(std::isnan(actual));
  } else {
    CHECK(actual == Approx(expected).epsilon(1e-9).margin(1e-9));
  }
}

// Every other column and row of a larger tensor: the strided path.
XYData strided_copy(const XYData& x, std::vector<double>& storage) {
  const std::int64_t rows = x.rows(), columns = x.columns();
  storage.assign(static_cast<std::size_t>(4 * rows * columns), -1);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      storage[static_cast<std::size_t>(4 * i * columns + 2 * j)] = x.at<double>(i, j);
    }
  }
  const std::int64_t shape[] = {rows, columns};
  pet_tensor* tensor = detail::new_tensor(dtype_of<double>(), 2, shape, 0);
  tensor->array.data = storage.data();
  tensor->array.strides[0] = 4 * columns;
  tensor->array.strides[1] = 2;
  return XYData::adopt(tensor);
}

}  // namespace

TEST_CASE("the scaler gives scikit-learn's values", "[plugins]") {
  for (const OracleCase& oracle : read_oracles("scaler.txt")) {
    INFO(oracle.name);
    const XYData x = oracle.matrices.at("x").data();
    const testing::Instance scaler = fitted(x);
    const XYData y = scaler.predict(x);
    std::vector<double> storage;
    const XYData y_strided = fitted(strided_copy(x, storage)).predict(strided_copy(x, storage));

    REQUIRE(y.shape() == x.shape());
    const std::vector<double> expected = oracle.matrices.at("y").values;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      check_close(y.data<double>()[i], expected[i]);
      check_close(y_strided.data<double>()[i], expected[i]);
    }
  }
}

TEST_CASE("the scaler keeps float32 and makes float64 of integers and bool", "[plugins]") {
  const std::vector<double> expected{-1, 1};
  const auto check = [&](const XYData& x, pet_dtype dtype) {
    const XYData y = fitted(x).predict(x);
    CHECK(dtype_name(y.dtype()) == dtype_name(dtype));
    CHECK(y.converted<double>() == expected);
  };
  check(XYData::mock<float>({{3.F}, {5.F}}), dtype_of<float>());
  check(XYData::mock<double>({{3.}, {5.}}), dtype_of<double>());
  check(XYData::mock<std::int64_t>({{3}, {5}}), dtype_of<double>());
  check(XYData::mock<std::int32_t>({{3}, {5}}), dtype_of<double>());
  check(XYData::mock<bool>({{false}, {true}}), dtype_of<double>());
}

TEST_CASE("the scaler passes missing values through", "[plugins]") {
  const testing::Instance scaler = fitted(XYData::mock<double>({{1., 1.}, {3., 5.}}));
  const XYData y = scaler.predict(XYData::mock<double>({{kNan, 5.}}));
  CHECK(std::isnan(y.at<double>(0, 0)));
  CHECK(y.at<double>(0, 1) == 1);
}

TEST_CASE("the scaler refuses what it cannot scale, in these words", "[plugins]") {
  const XYData good = XYData::mock<double>({{1., 2.}, {3., 5.}});
  struct Bad {
    XYData x;
    std::string in_fit, in_predict;
  };
  Bad table[] = {
      {XYData::mock<double>({{1., 2.}, {kInfinity, 4.}}), "x: row 1, column 0 is infinite",
       "x: row 1, column 0 is infinite"},
      {XYData::mock<float>({{1.F, -std::numeric_limits<float>::infinity()}}),
       "row 0, column 1 is infinite", "row 0, column 1 is infinite"},
      {XYData::mock<double>({1., 2.}), "expected rows and columns, got float64 [2]",
       "got float64 [2]"},
      {XYData::empty(dtype_of<double>(), {0, 2}),
       "expected at least 1 row and 1 column, got float64 [0, 2]", "at least 1 row"},
      {XYData::empty(dtype_of<double>(), {2, 0}), "got float64 [2, 0]", "got float64 [2, 0]"},
      {XYData::empty(dtype_of<double>(), {2, 2, 2}), "got float64 [2, 2, 2]",
       "got float64 [2, 2, 2]"},
  };
  const testing::Instance scaler = fitted(good);
  for (const Bad& bad : table) {
    CHECK_THROWS_MATCHES(fitted(bad.x), Failure, fails(PET_BAD_INPUT, {bad.in_fit}));
    CHECK_THROWS_MATCHES(scaler.predict(bad.x), Failure, fails(PET_BAD_INPUT, {bad.in_predict}));
  }
  CHECK_THROWS_MATCHES(
      scaler.predict(XYData::mock<double>({{1., 2., 3.}})), Failure,
      fails(PET_BAD_INPUT, {"x: expected 2 columns as in fit, got float64 [1, 3]"}));
  CHECK_THROWS_MATCHES(make("StandardScalerPlugin").predict(good), Failure,
                       fails(PET_NOT_FITTED, {"predict before fit"}));
  CHECK_THROWS_MATCHES(make("StandardScalerPlugin", {{"with_mean", true}}), Failure,
                       fails(PET_BAD_PARAMS, {"with_mean"}));
}

TEST_CASE("the scaler refuses numbers whose sums are infinite", "[plugins]") {
  const double large = std::numeric_limits<double>::max();
  for (const XYData& x : {XYData::mock<double>({{1., large}, {2., large}}),
                          XYData::mock<double>({{large}, {-large}, {-large}})}) {
    CHECK_THROWS_MATCHES(fitted(x), Failure,
                         fails(PET_BAD_INPUT, {"x: its numbers are so large that sums of them are "
                                               "infinite: scale it"}));
  }
}

TEST_CASE("the scaler refuses a state that no fit makes", "[plugins]") {
  struct Bad {
    double mean, scale;
    std::string text;
  };
  const Bad table[] = {{kNan, 1, "mean nan, scale 1.000000"},
                       {kInfinity, 1, "mean inf, scale 1.000000"},
                       {0, 0, "mean 0.000000, scale 0.000000"},
                       {0, -1, "mean 0.000000, scale -1.000000"},
                       {0, kInfinity, "scale inf"},
                       {0, kNan, "scale nan"}};
  testing::Instance scaler = fitted(XYData::mock<double>({{1., 2.}, {3., 5.}}));
  const std::string before = scaler.save();
  const auto load = [&](const std::vector<double>& mean, const std::vector<double>& scale) {
    StateWriter state("StandardScalerPlugin", 1);
    state.put("mean", mean);
    state.put("scale", scale);
    scaler.load(state.finish());
  };
  for (const Bad& bad : table) {
    CHECK_THROWS_MATCHES(
        load({0, bad.mean}, {1, bad.scale}), Failure,
        fails(PET_BAD_STATE,
              {"column 1: expected a finite mean and a scale above 0, got", bad.text}));
  }
  CHECK_THROWS_MATCHES(load({0, 0}, {1}), Failure,
                       fails(PET_BAD_STATE, {"expected 2 scales, got 1"}));
  CHECK(scaler.save() == before);

  // A column of nothing but NaN travels.
  const testing::Instance blind = fitted(XYData::mock<double>({{1., kNan}, {3., kNan}}));
  scaler.load(blind.save());
  CHECK(scaler.save() == blind.save());
}

TEMPLATE_TEST_CASE(
    "the scaler finds an infinity wherever it stands, and takes nothing else for one", "[plugins]",
    double, float) {
  using Limits = std::numeric_limits<TestType>;
  constexpr std::int64_t kRows = 67, kColumns = 3;  // vectors of any width, and a rest
  const testing::Instance scaler = fitted(XYData::mock<TestType>({{1, 2, 3}, {3, 5, 8}}));
  XYData x = XYData::empty(dtype_of<TestType>(), {kRows, kColumns});
  const TestType finite[] = {0,
                             TestType(-0.0),
                             Limits::max(),
                             Limits::lowest(),
                             Limits::denorm_min(),
                             Limits::min(),
                             Limits::quiet_NaN(),
                             -Limits::quiet_NaN(),
                             1};
  for (std::int64_t i = 0; i < x.size(); ++i) x.template data<TestType>()[i] = finite[i % 9];
  CHECK_NOTHROW(scaler.predict(x));

  for (std::int64_t i = 0; i < x.size(); ++i) {
    const TestType before = x.template data<TestType>()[i];
    x.template data<TestType>()[i] = i % 2 == 0 ? Limits::infinity() : -Limits::infinity();
    CHECK_THROWS_MATCHES(
        scaler.predict(x), Failure,
        fails(PET_BAD_INPUT, {"x: row " + std::to_string(i / kColumns) + ", column " +
                              std::to_string(i % kColumns) + " is infinite"}));
    x.template data<TestType>()[i] = before;
  }
}

TEST_CASE("a failed fit leaves the scaler as it was", "[plugins]") {
  testing::Instance scaler = fitted(XYData::mock<double>({{1.}, {3.}}));
  CHECK_THROWS_AS(scaler.fit(XYData::mock<double>({{kInfinity}})), Failure);
  CHECK(scaler.predict(XYData::mock<double>({{3.}})).at<double>(0, 0) == 1);
}

TEST_CASE("a scaler restored from its state predicts bit for bit the same", "[plugins]") {
  const XYData x = XYData::mock<double>({{1.1, 7.}, {2.7, -3.}, {0.1, 11.}});
  const testing::Instance scaler = fitted(x);
  testing::Instance other = make("StandardScalerPlugin");
  other.load(scaler.save());
  CHECK(other.predict(x).value<double>() == scaler.predict(x).value<double>());

  std::string damaged = scaler.save();
  damaged[damaged.size() / 2] ^= 1;
  CHECK_THROWS_MATCHES(other.load(damaged), Failure, fails(PET_BAD_STATE, {"damaged"}));
  CHECK(other.predict(x).value<double>() == scaler.predict(x).value<double>());
}

}  // namespace pet::test
