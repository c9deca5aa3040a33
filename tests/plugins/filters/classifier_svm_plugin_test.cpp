#include <limits>

#include "tests/plugins/built_in.hpp"
#include "tests/plugins/oracle_file.hpp"
#include "tests/plugins/output_of.hpp"

namespace pet::test {
namespace {

XYData points() { return XYData::mock({{0.0, 1.0}, {1.0, 0.0}, {5.0, 6.0}, {6.0, 5.0}}); }
XYData labels() { return XYData::mock<std::int64_t>({4, 4, 9, 9}); }

testing::Instance fitted_svm(const XYData& y, const Object& params = {}) {
  testing::Instance svm = make("ClassifierSVMPlugin", params);
  svm.fit(points(), y);
  return svm;
}

Value gamma_of(const std::string& word) {
  if (word == "scale" || word == "auto") return word;
  return std::stod(word);
}

testing::Instance fitted_svm(const OracleCase& oracle, testing::FakeHost& host) {
  testing::Instance svm = make("ClassifierSVMPlugin",
                               {{"kernel", oracle.texts.at("kernel")},
                                {"gamma", gamma_of(oracle.texts.at("gamma"))},
                                {"C", oracle.numbers.at("C")}},
                               host);
  svm.fit(oracle.matrices.at("x").data(), oracle.matrices.at("y").labels());
  return svm;
}

// A state whose checksum is right, of two classes and two support vectors of one column unless said
// otherwise.
struct Forged {
  std::string kernel = "linear";
  XYData classes = XYData::mock<std::int64_t>({4, 9});
  std::int64_t columns = 1;
  std::vector<std::int64_t> of_classes = {1, 1};
  std::vector<double> vectors = {1, 2};
  std::vector<double> coefficients = {1, -1};
  std::vector<double> offsets = {0};

  void load() const {
    StateWriter writer("ClassifierSVMPlugin", 1);
    writer.put("kernel", kernel);
    writer.put("classes", classes);
    writer.put("columns", columns);
    writer.put("gamma", 0.5);
    writer.put("support vectors", vectors);
    writer.put("coefficients", coefficients);
    writer.put("offsets", offsets);
    writer.put("support vectors of classes", of_classes);
    make("ClassifierSVMPlugin").load(writer.finish());
  }
};

}  // namespace

TEST_CASE("ClassifierSVMPlugin answers as scikit-learn's SVC, whatever the threads", "[plugins]") {
  testing::FakeHost alone;
  alone.missing = {PET_HOST_PARALLEL_1};
  for (const OracleCase& oracle : read_oracles("svm.txt")) {
    INFO(oracle.name);
    for (testing::FakeHost* host : {&testing::FakeHost::shared(), &alone}) {
      const XYData answers = fitted_svm(oracle, *host).predict(oracle.matrices.at("q").data());
      CHECK(answers.value<std::int64_t>() ==
            oracle.matrices.at("labels").labels().value<std::int64_t>());
    }
  }
}

TEST_CASE("ClassifierSVMPlugin answers many rows as one by one", "[plugins]") {
  const testing::Instance svm = fitted_svm(labels(), {{"kernel", "rbf"}});
  std::vector<double> values;
  std::vector<std::int64_t> expected;
  for (int i = 0; i < 200; ++i) {
    const double at = (i * 7919) % 100 / 16.0;
    values.insert(values.end(), {at, at});
    expected.push_back(svm.predict(XYData::mock({{at, at}})).at<std::int64_t>(0));
  }
  CHECK(svm.predict(XYData::mock(values, {200, 2})).value<std::int64_t>() == expected);
}

TEST_CASE("ClassifierSVMPlugin's answers have the element type of the labels", "[plugins]") {
  const auto check = [](const XYData& y) {
    const XYData answers = fitted_svm(y).predict(points());
    CHECK(dtype_name(answers.dtype()) == dtype_name(y.dtype()));
    CHECK(answers.shape() == Shape{4});
    CHECK(answers.converted<double>() == y.converted<double>());
  };
  check(labels());
  check(XYData::mock<bool>({false, false, true, true}));
  check(XYData::mock<double>({2.0, 2.0, -1.0, -1.0}));
  check(XYData::mock<std::int64_t>({{4}, {4}, {9}, {9}}));
}

TEST_CASE("x of ClassifierSVMPlugin may be of any type, constant columns too", "[plugins]") {
  testing::Instance svm = make("ClassifierSVMPlugin", {{"kernel", "rbf"}});
  svm.fit(XYData::mock<std::int64_t>({{0, 7}, {1, 7}, {8, 7}, {9, 7}}), labels());
  CHECK(svm.predict(XYData::mock<float>({{0.5F, 7.0F}, {8.5F, 7.0F}})).value<std::int64_t>() ==
        std::vector<std::int64_t>{4, 9});

  testing::Instance same = make("ClassifierSVMPlugin", {{"kernel", "rbf"}});  // gamma is 1
  same.fit(XYData::mock({{2.0}, {2.0}}), XYData::mock<std::int64_t>({0, 1}));
  CHECK(same.predict(XYData::mock({{2.0}})).shape() == Shape{1});
}

TEST_CASE("training a ClassifierSVMPlugin prints nothing", "[plugins]") {
  CHECK(output_of([] { fitted_svm(labels()); }) == "");
}

TEST_CASE("a ClassifierSVMPlugin restored from its state predicts the same", "[plugins]") {
  for (const OracleCase& oracle : read_oracles("svm.txt")) {
    INFO(oracle.name);
    const testing::Instance svm = fitted_svm(oracle, testing::FakeHost::shared());
    testing::Instance other =
        make("ClassifierSVMPlugin",
             {{"kernel", oracle.texts.at("kernel")}, {"C", 3.0}});  // gamma comes from the state
    other.load(svm.save());
    const XYData q = oracle.matrices.at("q").data();
    CHECK(other.predict(q).value<std::int64_t>() == svm.predict(q).value<std::int64_t>());
    CHECK(other.save() == svm.save());
  }

  testing::Instance svm = fitted_svm(labels());
  svm.load(make("ClassifierSVMPlugin").save());  // of one that is not fitted
  CHECK_THROWS_MATCHES(svm.predict(points()), Failure,
                       fails(PET_NOT_FITTED, {"predict before fit"}));
}

TEST_CASE("ClassifierSVMPlugin refuses a state that does not fit", "[plugins]") {
  const std::string state = fitted_svm(labels()).save();
  CHECK_THROWS_MATCHES(make("ClassifierSVMPlugin").load(state.substr(0, state.size() - 9)), Failure,
                       fails(PET_BAD_STATE, {"damaged"}));
  CHECK_THROWS_MATCHES(make("ClassifierSVMPlugin", {{"kernel", "rbf"}}).load(state), Failure,
                       fails(PET_BAD_STATE, {"for the kernel 'rbf', got those for 'linear'"}));

  CHECK_NOTHROW(Forged{}.load());
  const double nan = std::nan("");
  struct Odd {
    Forged state;
    std::string text;
  };
  const Odd table[] = {
      {{.classes = XYData::mock<std::int64_t>({4}), .of_classes = {2}, .coefficients = {}},
       "fewer than 2 classes, or too many"},
      {{.columns = 0}, "no columns, or too many"},
      {{.of_classes = {-1, 3}}, "a bad number of support vectors"},
      {{.of_classes = {1, 1 << 30}}, "other support vectors than it counts"},
      {{.columns = 2}, "other support vectors than it counts"},
      {{.coefficients = {1, -1, 1}}, "a bad number of coefficients"},
      {{.offsets = {0, 0}}, "a bad number of offsets"},
      {{.vectors = {1, nan}}, "numbers that are not finite"},
      {{.coefficients = {1, nan}}, "numbers that are not finite"},
      {{.offsets = {nan}}, "numbers that are not finite"},
      {{.classes = XYData::mock<std::int64_t>({4, 9, 10})},
       "classes: expected 2 different labels, ascending, got int64 [3]"},
      {{.classes = XYData::mock<std::int64_t>({9, 4})},
       "classes: expected 2 different labels, ascending, got int64 [2]"},
      {{.classes = XYData::mock<double>({4.0, nan})}, "classes: row 1 is NaN"},
  };
  for (const Odd& odd : table) {
    CHECK_THROWS_MATCHES(odd.state.load(), Failure, fails(PET_BAD_STATE, {odd.text}));
  }
}

TEST_CASE("ClassifierSVMPlugin refuses these parameters, in these words", "[plugins]") {
  struct Bad {
    Object params;
    std::string text;
  };
  const std::string gamma = "gamma: expected 'scale', 'auto' or a number of at least 0, got ";
  const Bad table[] = {
      {{{"kernel", "cubic"}}, "kernel: expected 'linear', 'poly', 'rbf' or 'sigmoid', got 'cubic'"},
      {{{"C", 0.0}}, "C: expected a number above 0, got 0.0"},
      {{{"C", std::nan("")}}, "C: expected a number above 0, got nan"},
      {{{"C", HUGE_VAL}}, "C: expected a number above 0, got inf"},
      {{{"gamma", "wide"}}, gamma + "'wide'"},
      {{{"gamma", -1}}, gamma + "-1"},
      {{{"gamma", std::nan("")}}, gamma + "nan"},
      {{{"gamma", true}}, gamma + "bool"},
  };
  for (const Bad& bad : table) {
    CHECK_THROWS_MATCHES(make("ClassifierSVMPlugin", bad.params), Failure,
                         fails(PET_BAD_PARAMS, {bad.text}));
  }
}

TEST_CASE("ClassifierSVMPlugin refuses this data, in these words", "[plugins]") {
  const double nan = std::nan("");
  struct Bad {
    XYData x, y;
    std::string text;
  };
  const Bad table[] = {
      {points(), XYData(), "y: expected one class label per row, got nothing"},
      {points(), XYData::mock<std::int64_t>({3, 4}), "x has 4 rows, but y has 2"},
      {points(), XYData::mock<std::int64_t>({3, 3, 3, 3}),
       "y: expected at least 2 classes, got only 3"},
      {points(), XYData::mock<double>({0., 0.5, 1., 1.}), "y: row 1 is 0.5"},
      {XYData::mock<double>({{1.}, {nan}}), XYData::mock<std::int64_t>({0, 1}),
       "x: row 1, column 0 is NaN"},
      {XYData::mock<double>({{1.}, {HUGE_VAL}}), XYData::mock<std::int64_t>({0, 1}),
       "x: row 1, column 0 is infinite"},
      {XYData::mock<double>({0., 1.}), XYData::mock<std::int64_t>({0, 1}),
       "expected rows and columns, got float64 [2]"},
      {XYData::empty(dtype_of<double>(), {0, 1}), XYData::empty(dtype_of<std::int64_t>(), {0}),
       "at least 1 row"},
      {XYData::mock<double>({{1e200}, {-1e200}}), XYData::mock<std::int64_t>({0, 1}),
       "x: its numbers are so large that their products are infinite: scale it"},
  };
  for (const Bad& bad : table) {
    testing::Instance svm = make("ClassifierSVMPlugin");
    CHECK_THROWS_MATCHES(svm.fit(bad.x, bad.y), Failure, fails(PET_BAD_INPUT, {bad.text}));
  }
  testing::Instance scaled = make("ClassifierSVMPlugin", {{"kernel", "rbf"}});
  CHECK_THROWS_MATCHES(
      scaled.fit(XYData::mock<double>({{1e200}, {-1e200}}), XYData::mock<std::int64_t>({0, 1})),
      Failure, fails(PET_BAD_INPUT, {"so large that their variance is infinite: scale it"}));

  // More rows than libsvm can count, all of them the same one.
  std::int64_t shape[] = {std::numeric_limits<int>::max(), 1};
  std::int64_t strides[] = {0, 0};
  bool value = false;
  pet_tensor tensor{{1, 0},
                    nullptr,
                    nullptr,
                    0,
                    {&value, {PET_DEVICE_CPU, 0}, 2, dtype_of<bool>(), shape, strides, 0}};
  testing::Instance large = make("ClassifierSVMPlugin");
  CHECK_THROWS_MATCHES(
      large.fit(XYData::borrow(&tensor), labels()), Failure,
      fails(PET_BAD_INPUT,
            {"expected at most 2147483646 rows and columns, got bool [2147483647, 1]"}));

  const testing::Instance svm = fitted_svm(labels());
  CHECK_THROWS_MATCHES(svm.predict(XYData::mock({{1.0}})), Failure,
                       fails(PET_BAD_INPUT, {"expected 2 columns as in fit"}));
  CHECK_THROWS_MATCHES(svm.predict(XYData::mock({{1.0, nan}})), Failure,
                       fails(PET_BAD_INPUT, {"row 0, column 1 is NaN"}));
  CHECK_THROWS_MATCHES(make("ClassifierSVMPlugin").predict(points()), Failure,
                       fails(PET_NOT_FITTED, {"predict before fit"}));
}

}  // namespace pet::test
