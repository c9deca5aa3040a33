// LogistiRegressionlugin and LogisticRegressionPlugin: what they share, and in what they differ.
#include "plugins/filters/liblinear_logistic.hpp"
#include "plugins/filters/softmax_regression.hpp"
#include "tests/plugins/built_in.hpp"
#include "tests/plugins/oracle_file.hpp"
#include "tests/plugins/output_of.hpp"

namespace pet::test {
namespace {

using plugins::LinearScores;

const char* const kNames[] = {"LogistiRegressionlugin", "LogisticRegressionPlugin"};

Object params_of(const std::string& name, double tol = 1e-6) {
  return name == "LogistiRegressionlugin" ? Object{{"max_ite", 100}, {"tol", tol}}
                                          : Object{{"tol", tol}};
}

testing::Instance unfitted(const std::string& name) { return make(name, params_of(name)); }
testing::Instance fitted(const std::string& name, const XYData& x, const XYData& y) {
  testing::Instance logistic = unfitted(name);
  logistic.fit(x, y);
  return logistic;
}

XYData points() {
  return XYData::mock({{0.0, 1.0}, {1.0, 0.0}, {5.0, 6.0}, {6.0, 5.0}, {-8.0, 9.0}, {-9.0, 8.0}});
}
XYData two_labels() { return XYData::mock<std::int64_t>({9, 9, 4, 4, 9, 9}); }
XYData three_labels() { return XYData::mock<std::int64_t>({9, 9, 4, 4, -2, -2}); }

void check_near(const std::vector<double>& actual, const std::vector<double>& expected,
                double margin) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    CHECK(actual[i] == Approx(expected[i]).epsilon(margin).margin(margin));
  }
}

plugins::LogisticProblem problem_of(const OracleCase& oracle) {
  return plugins::read_logistic_problem(oracle.matrices.at("x").data(),
                                        oracle.matrices.at("y").labels(), oracle.numbers.at("C"));
}

std::vector<std::int64_t> labels_of(const OracleCase& oracle, const std::string& key) {
  return oracle.matrices.at(key).labels().value<std::int64_t>();
}

int differences(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  int count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i];
  return count;
}

}  // namespace

TEST_CASE("liblinear's weights are those of scikit-learn's solver 'liblinear'", "[plugins]") {
  for (const OracleCase& oracle : read_oracles("logistic.txt")) {
    INFO(oracle.name);
    // Every version of liblinear stops where the loss changes by less than 1e-12 of itself.
    const LinearScores scores = train_liblinear_logistic(problem_of(oracle), 1e-12);
    check_near(scores.weights, oracle.matrices.at("liblinear_weights").values, 1e-5);
    check_near(scores.offsets, oracle.matrices.at("liblinear_offsets").values, 1e-5);
  }
}

TEST_CASE("the softmax weights are those of scikit-learn's solvers of the same loss", "[plugins]") {
  for (const OracleCase& oracle : read_oracles("logistic.txt")) {
    INFO(oracle.name);
    const plugins::SoftmaxResult result = train_softmax(problem_of(oracle), 1e-9, 100);
    CHECK(result.converged);
    CHECK(result.steps <= 20);
    check_near(result.scores.weights, oracle.matrices.at("softmax_weights").values, 1e-7);
    check_near(result.scores.offsets, oracle.matrices.at("softmax_offsets").values, 1e-7);
  }
}

TEST_CASE("LogisticRegressionPlugin labels as scikit-learn's liblinear", "[plugins]") {
  testing::FakeHost alone;
  alone.missing = {PET_HOST_PARALLEL_1};
  for (const OracleCase& oracle : read_oracles("logistic.txt")) {
    INFO(oracle.name);
    for (testing::FakeHost* host : {&testing::FakeHost::shared(), &alone}) {
      testing::Instance logistic =
          make("LogisticRegressionPlugin", {{"C", oracle.numbers.at("C")}, {"tol", 1e-8}}, *host);
      logistic.fit(oracle.matrices.at("x").data(), oracle.matrices.at("y").labels());
      CHECK(logistic.predict(oracle.matrices.at("q").data()).value<std::int64_t>() ==
            labels_of(oracle, "liblinear_labels"));
    }
  }
}

TEST_CASE("LogistiRegressionlugin labels as the original, which liblinear does not", "[plugins]") {
  int others_on_iris = 0;
  for (const OracleCase& oracle : read_oracles("logistic.txt")) {
    if (oracle.numbers.at("C") != 1) continue;  // the original's class has no other
    INFO(oracle.name);
    const XYData x = oracle.matrices.at("x").data();
    const XYData y = oracle.matrices.at("y").labels();
    const XYData q = oracle.matrices.at("q").data();
    const auto original = labels_of(oracle, "original_labels");
    CHECK(fitted("LogistiRegressionlugin", x, y).predict(q).value<std::int64_t>() == original);

    const auto other = fitted("LogisticRegressionPlugin", x, y).predict(q).value<std::int64_t>();
    if (oracle.name == "well_separated") CHECK(other == original);
    if (oracle.name == "iris") others_on_iris = differences(other, original);
  }
  CHECK(others_on_iris == 3);  // as its documentation says
}

TEST_CASE("a softmax regression that is stopped early says so", "[plugins]") {
  testing::FakeHost host;
  testing::Instance logistic =
      make("LogistiRegressionlugin", {{"max_ite", 1}, {"tol", 1e-9}}, host);
  logistic.fit(points(), three_labels());
  REQUIRE(host.log.size() == 1);
  CHECK(host.log[0].level == PET_LOG_WARNING);
  CHECK(host.log[0].message ==
        "LogistiRegressionlugin stopped after 1 steps, before the gradient came down to tol: scale "
        "x, or raise max_ite");
  CHECK(logistic.predict(points()).shape() == Shape{6});
}

TEST_CASE("many rows are labelled as one by one", "[plugins]") {
  for (const char* name : kNames) {
    const testing::Instance logistic = fitted(name, points(), three_labels());
    std::vector<double> values;
    std::vector<std::int64_t> expected;
    for (int i = 0; i < 3000; ++i) {
      const double at = (i * 7919) % 600 / 40.0 - 7;
      values.insert(values.end(), {at, 3 - at});
      if (i < 100 || i > 2900) {
        expected.push_back(logistic.predict(XYData::mock({{at, 3 - at}})).at<std::int64_t>(0));
      }
    }
    std::vector<std::int64_t> answers =
        logistic.predict(XYData::mock(values, {3000, 2})).value<std::int64_t>();
    answers.erase(answers.begin() + 100, answers.begin() + 2901);
    CHECK(answers == expected);
  }
}

TEST_CASE("a logistic regression's answers have the element type of the labels", "[plugins]") {
  for (const char* name : kNames) {
    const auto check = [&](const XYData& y) {
      const XYData answers = fitted(name, points(), y).predict(points());
      CHECK(dtype_name(answers.dtype()) == dtype_name(y.dtype()));
      CHECK(answers.shape() == Shape{6});
      CHECK(answers.converted<double>() == y.converted<double>());
    };
    check(two_labels());
    check(three_labels());
    check(XYData::mock<std::int32_t>({9, 9, 4, 4, 9, 9}));
    check(XYData::mock<bool>({true, true, false, false, true, true}));
    check(XYData::mock<double>({{2.}, {2.}, {-1.}, {-1.}, {0.}, {0.}}));
  }
}

TEST_CASE("x of a logistic regression may be of any type", "[plugins]") {
  for (const char* name : kNames) {
    const testing::Instance logistic =
        fitted(name, XYData::mock<std::int64_t>({{0}, {1}, {8}, {9}}),
               XYData::mock<std::int64_t>({0, 0, 1, 1}));
    CHECK(logistic.predict(XYData::mock<float>({{0.5F}, {8.5F}})).value<std::int64_t>() ==
          std::vector<std::int64_t>{0, 1});
  }
}

TEST_CASE("training a logistic regression prints nothing", "[plugins]") {
  for (const char* name : kNames) {
    CHECK(output_of([&] { fitted(name, points(), three_labels()); }) == "");
  }
}

TEST_CASE("a logistic regression restored from its state predicts the same", "[plugins]") {
  for (const char* name : kNames) {
    for (const OracleCase& oracle : read_oracles("logistic.txt")) {
      INFO(name << " " << oracle.name);
      const testing::Instance logistic =
          fitted(name, oracle.matrices.at("x").data(), oracle.matrices.at("y").labels());
      testing::Instance other = unfitted(name);
      other.load(logistic.save());
      const XYData q = oracle.matrices.at("q").data();
      CHECK(other.predict(q).value<std::int64_t>() == logistic.predict(q).value<std::int64_t>());
      CHECK(other.save() == logistic.save());
    }
    testing::Instance logistic = fitted(name, points(), two_labels());
    logistic.load(unfitted(name).save());  // of one that is not fitted
    CHECK_THROWS_MATCHES(logistic.predict(points()), Failure,
                         fails(PET_NOT_FITTED, {"predict before fit"}));
  }
}

TEST_CASE("a logistic regression refuses a state that does not fit", "[plugins]") {
  struct Forged {
    XYData classes = XYData::mock<std::int64_t>({4, 9});
    std::int64_t columns = 2;
    std::vector<double> weights = {1, 2};
    std::vector<double> offsets = {3};
  };
  const double nan = std::nan("");
  struct Odd {
    Forged state;
    std::string text;
  };
  const std::string counts = "expected one score for two classes or one for each of more";
  const std::string weights = "expected a weight for each score and column";
  const Odd table[] = {
      {{.offsets = {}}, counts},
      {{.weights = {1, 2, 3, 4}, .offsets = {3, 4}}, counts},
      {{.columns = 0}, weights},
      {{.columns = 3}, weights},
      {{.weights = {1, 2, 3, 4}}, weights},
      {{.weights = {1, nan}}, "numbers that are not finite"},
      {{.offsets = {HUGE_VAL}}, "numbers that are not finite"},
      {{.classes = XYData::mock<std::int64_t>({4, 9, 10})},
       "classes: expected 2 different labels, ascending, got int64 [3]"},
      {{.classes = XYData::mock<std::int64_t>({9, 9})},
       "classes: expected 2 different labels, ascending, got int64 [2]"},
      {{.classes = XYData::mock<double>({4.0, 4.5})}, "classes: row 1 is 4.5"},
  };
  for (const std::string name : kNames) {
    const auto load = [&](const Forged& forged) {
      StateWriter writer(name, 1);
      writer.put("classes", forged.classes);
      writer.put("columns", forged.columns);
      writer.put("weights", forged.weights);
      writer.put("offsets", forged.offsets);
      unfitted(name).load(writer.finish());
    };
    CHECK_NOTHROW(load({}));
    for (const Odd& odd : table) {
      CHECK_THROWS_MATCHES(load(odd.state), Failure, fails(PET_BAD_STATE, {odd.text}));
    }
    const std::string state = fitted(name, points(), two_labels()).save();
    CHECK_THROWS_MATCHES(unfitted(name).load(state.substr(0, state.size() - 9)), Failure,
                         fails(PET_BAD_STATE, {"damaged"}));
  }
}

TEST_CASE("the logistic regressions refuse these parameters, in these words", "[plugins]") {
  struct Bad {
    const char* name;
    Object params;
    std::string text;
  };
  const Bad table[] = {
      {"LogisticRegressionPlugin", {{"C", 0.0}}, "C: expected a number above 0, got 0.0"},
      {"LogisticRegressionPlugin", {{"C", HUGE_VAL}}, "C: expected a number above 0, got inf"},
      {"LogisticRegressionPlugin", {{"tol", -1.0}}, "tol: expected a number above 0, got -1.0"},
      {"LogisticRegressionPlugin", {{"max_iter", 0}}, "max_iter: expected at least 1, got 0"},
      {"LogistiRegressionlugin",
       {{"max_ite", 0}, {"tol", 1e-4}},
       "max_ite: expected at least 1, got 0"},
      {"LogistiRegressionlugin",
       {{"max_ite", 9}, {"tol", std::nan("")}},
       "tol: expected a number above 0, got nan"},
      {"LogistiRegressionlugin", {{"tol", 1e-4}}, "max_ite"},  // without a default
      {"LogistiRegressionlugin", {{"max_ite", 9}}, "tol"},
  };
  for (const Bad& bad : table) {
    CHECK_THROWS_MATCHES(make(bad.name, bad.params), Failure, fails(PET_BAD_PARAMS, {bad.text}));
  }
}

TEST_CASE("the logistic regressions refuse this data, in these words", "[plugins]") {
  const double nan = std::nan("");
  const std::string large =
      "x: its numbers are so large that their products are infinite: scale it";
  struct Bad {
    XYData x, y;
    std::string text;
  };
  const Bad table[] = {
      {points(), XYData(), "y: expected one class label per row, got nothing"},
      {points(), XYData::mock<std::int64_t>({3, 4}), "x has 6 rows, but y has 2"},
      {points(), XYData::mock<std::int64_t>({3, 3, 3, 3, 3, 3}),
       "y: expected at least 2 classes, got only 3"},
      {points(), XYData::mock<double>({0., 0.5, 1., 1., 1., 1.}), "y: row 1 is 0.5"},
      {XYData::mock<double>({{1.}, {nan}}), XYData::mock<std::int64_t>({0, 1}),
       "x: row 1, column 0 is NaN"},
      {XYData::mock<double>({{1.}, {HUGE_VAL}}), XYData::mock<std::int64_t>({0, 1}),
       "x: row 1, column 0 is infinite"},
      {XYData::mock<double>({0., 1.}), XYData::mock<std::int64_t>({0, 1}),
       "expected rows and columns, got float64 [2]"},
      {XYData::empty(dtype_of<double>(), {0, 1}), XYData::empty(dtype_of<std::int64_t>(), {0}),
       "at least 1 row"},
      {XYData::mock<double>({{1e150}, {-1e150}}), XYData::mock<std::int64_t>({0, 1}), large},
      {XYData::mock<double>({{1e308}, {-1e308}}), XYData::mock<std::int64_t>({0, 1}), large},
  };
  for (const char* name : kNames) {
    for (const Bad& bad : table) {
      CHECK_THROWS_MATCHES(fitted(name, bad.x, bad.y), Failure, fails(PET_BAD_INPUT, {bad.text}));
    }
    const testing::Instance logistic = fitted(name, points(), three_labels());
    CHECK_THROWS_MATCHES(logistic.predict(XYData::mock({{1.0}})), Failure,
                         fails(PET_BAD_INPUT, {"expected 2 columns as in fit"}));
    CHECK_THROWS_MATCHES(logistic.predict(XYData::mock({{1.0, nan}})), Failure,
                         fails(PET_BAD_INPUT, {"row 0, column 1 is NaN"}));
    CHECK_THROWS_MATCHES(unfitted(name).predict(points()), Failure,
                         fails(PET_NOT_FITTED, {"predict before fit: there are no weights yet"}));
  }

  // Small enough by themselves, but not with what a wrong row costs.
  testing::Instance costly = make("LogisticRegressionPlugin", {{"C", 1e290}});
  CHECK_THROWS_MATCHES(
      costly.fit(XYData::mock<double>({{1e6}, {-1e6}}), XYData::mock<std::int64_t>({0, 1})),
      Failure, fails(PET_BAD_INPUT, {large}));
}

TEST_CASE("large and small numbers within the limits are learned", "[plugins]") {
  for (const char* name : kNames) {
    for (const double scale : {1e140, 1e-3}) {
      INFO(name << " " << scale);
      const XYData x = XYData::mock<double>({{scale}, {2 * scale}, {-scale}, {-2 * scale}});
      const XYData y = XYData::mock<std::int64_t>({1, 1, 0, 0});
      CHECK(fitted(name, x, y).predict(x).value<std::int64_t>() == y.value<std::int64_t>());
    }
  }
}

}  // namespace pet::test
