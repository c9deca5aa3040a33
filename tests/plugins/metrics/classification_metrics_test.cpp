#include "tests/plugins/built_in.hpp"
#include "tests/plugins/oracle_file.hpp"

namespace pet::test {
namespace {

const char* const kMetrics[] = {"F1", "Precission", "Recall"};

double measure(const std::string& name, const char* average, const XYData& y_true,
               const XYData& y_pred) {
  return make(name, {{"average", average}}).measure(y_true, y_pred);
}

}  // namespace

TEST_CASE("the metrics give scikit-learn's values", "[plugins]") {
  for (const OracleCase& oracle : read_oracles("metrics.txt")) {
    INFO(oracle.name);
    for (const char* name : kMetrics) {
      INFO(name);
      const double value =
          measure(name, oracle.texts.at("average").c_str(), oracle.matrices.at("y_true").labels(),
                  oracle.matrices.at("y_pred").labels());
      CHECK(value == Approx(oracle.numbers.at(name)).epsilon(1e-9).margin(1e-12));
    }
  }
}

TEST_CASE("labels may be of any type and stand in a column", "[plugins]") {
  const XYData y_true = XYData::mock<std::int64_t>({0, 1, 1, 0});
  const XYData y_pred = XYData::mock<std::int64_t>({0, 1, 0, 0});
  const double expected = measure("F1", "weighted", y_true, y_pred);
  CHECK(measure("F1", "weighted", XYData::mock<double>({{0.}, {1.}, {1.}, {0.}}), y_pred) ==
        expected);
  CHECK(measure("F1", "weighted", y_true, XYData::mock<float>({0.F, 1.F, 0.F, 0.F})) == expected);
  CHECK(measure("F1", "weighted", XYData::mock<bool>({false, true, true, false}), y_pred) ==
        expected);
  CHECK(measure("F1", "weighted", XYData::mock<std::int32_t>({0, 1, 1, 0}), y_pred) == expected);
}

TEST_CASE("a higher value of these metrics is the better one", "[plugins]") {
  for (const char* name : kMetrics) CHECK(make(name).higher_better());
}

TEST_CASE("the metrics refuse what they cannot score, in these words", "[plugins]") {
  const XYData two = XYData::mock<std::int64_t>({0, 1});
  struct Bad {
    const char* average;
    XYData y_true, y_pred;
    std::string text;
  };
  Bad table[] = {
      {"binary", XYData::mock<std::int64_t>({0, 2, 1}), XYData::mock<std::int64_t>({0, 1, 1}),
       "average is 'binary', but 3 classes occur: choose 'micro', 'macro' or 'weighted'"},
      {"binary", XYData::mock<std::int64_t>({2, 3}), XYData::mock<std::int64_t>({3, 3}),
       "scores class 1, but the classes are 2 and 3"},
      {"macro", XYData::mock<std::int64_t>({0, 1, 1}), two.clone(),
       "y_true has 3 rows, but y_pred has 2"},
      {"macro", XYData::empty(dtype_of<std::int64_t>(), {0}),
       XYData::empty(dtype_of<std::int64_t>(), {0}), "y_true: expected at least 1 row, got 0"},
      {"macro", XYData::mock<double>({0.5, 1.}), two.clone(), "y_true: row 0 is 0.5"},
      {"macro", two.clone(), XYData::mock<double>({1., std::nan("")}), "y_pred: row 1 is NaN"},
      {"macro", two.clone(), XYData::mock<double>({1., 1e300}), "y_pred: row 1 is"},
      {"macro", two.clone(), XYData::mock<double>({{1., 2.}, {3., 4.}}),
       "y_pred: expected one class label per row, got float64 [2, 2]"},
  };
  for (const Bad& bad : table) {
    for (const char* name : kMetrics) {
      CHECK_THROWS_MATCHES(measure(name, bad.average, bad.y_true, bad.y_pred), Failure,
                           fails(PET_BAD_INPUT, {bad.text}));
    }
  }
  CHECK_THROWS_MATCHES(make("F1").measure({}, two), Failure, fails(PET_BAD_INPUT, {"got nothing"}));
  CHECK_THROWS_MATCHES(
      make("Recall", {{"average", "samples"}}), Failure,
      fails(PET_BAD_PARAMS, {"expected 'micro', 'macro', 'weighted' or 'binary', got 'samples'"}));
}

}  // namespace pet::test
