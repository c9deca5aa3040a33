// What every built-in class says to data that it cannot learn from, or answer, through core: its
// name, the method, what it expected and what it got. Whatever is taken is what scikit-learn takes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/plugins/bad_data.hpp"

namespace pet::test {
namespace {

// What is given to fit, and what a classifier says, as KnnFilter does.
struct BadFit {
  const char* what;
  XYData x, y;
  const char* usual;
  bool is_about_y = false;
};

std::vector<BadFit> bad_fits() {
  std::vector<BadFit> cases;
  const auto add = [&](const char* what, XYData x, XYData y, const char* usual) {
    cases.push_back({what, std::move(x), std::move(y), usual});
  };
  const auto add_y = [&](const char* what, XYData y, const char* usual) {
    cases.push_back({what, good_x(), std::move(y), usual, true});
  };
  add("1-D x", zeros({12}), good_y(),
      "x: expected rows and columns, got float64 [12]: give one feature as [n, 1], one sample as "
      "[1, n]");
  add("3-D x", zeros({12, 1, 3}), good_y(),
      "x: expected rows and columns, got float64 [12, 1, 3]: give one feature as [n, 1], one "
      "sample as [1, n]");
  add("float16", float16({12, 3}), good_y(), "expected numbers, got float16 [12, 3]");
  add("zero rows", zeros({0, 3}), labels(0),
      "x: expected at least 1 row and 1 column, got float64 [0, 3]");
  add("zero columns", zeros({12, 0}), good_y(),
      "x: expected at least 1 row and 1 column, got float64 [12, 0]");
  add("NaN", with(good_x(), 7, kNan), good_y(),
      "x: row 2, column 1 is NaN, expected finite numbers");
  add("infinity", with(good_x(), 7, -kInfinity), good_y(),
      "x: row 2, column 1 is infinite, expected finite numbers");
  add("huge", with(good_x(), 7, 1e300), good_y(), kTaken);
  add("constant columns", zeros({12, 3}), good_y(), kTaken);
  add("one row", table(1, 3), labels(1), "n_neighbors is 3, but there are only 1 training rows");
  add_y("no y", XYData(), "y: expected one class label per row, got nothing");
  add_y("y is shorter", labels(11), "x has 12 rows, but y has 11");
  add_y("y of two columns", XYData::mock(std::vector<std::int64_t>(24), {12, 2}),
        "y: expected one class label per row, got int64 [12, 2]");
  add_y("NaN in y", with(good_y(), 3, kNan), "y: row 3 is NaN, expected a class label");
  add_y("continuous y", with(good_y(), 3, 1.5),
        "y: row 3 is 1.500000: class labels are whole numbers, a continuous target has no "
        "classes");
  add_y("one class", one_class(), kTaken);
  return cases;
}

struct BadPredict {
  const char* what;
  XYData x;
  const char* usual;
};

std::vector<BadPredict> bad_predicts() {
  std::vector<BadPredict> cases;
  const auto add = [&](const char* what, XYData x, const char* usual) {
    cases.push_back({what, std::move(x), usual});
  };
  add("1-D x", zeros({12}),
      "x: expected rows and columns, got float64 [12]: give one feature as [n, 1], one sample as "
      "[1, n]");
  add("float16", float16({12, 3}), "expected numbers, got float16 [12, 3]");
  add("zero rows", zeros({0, 3}), "x: expected at least 1 row and 1 column, got float64 [0, 3]");
  add("other columns", table(12, 2), "x: expected 3 columns as in fit, got float64 [12, 2]");
  add("NaN", with(good_x(), 7, kNan), "x: row 2, column 1 is NaN, expected finite numbers");
  add("infinity", with(good_x(), 7, kInfinity),
      "x: row 2, column 1 is infinite, expected finite numbers");
  add("huge", with(good_x(), 7, 1e300), kTaken);
  add("one row", table(1, 3), kTaken);
  return cases;
}

// ---- what each class says ----

struct Other {
  std::string_view what;
  std::string text;
};
using Others = std::vector<Other>;

// A class that fits and predicts.
struct Row {
  std::string_view name;
  std::string_view unfitted;  // what predict says before fit
  bool ignores_y = false;
  // What stands before the usual text, where a class inside says it.
  std::string_view in_fit = "", in_predict = "";
  // Where something else is said.
  Others other_fits = {}, other_predicts = {};
};

// The rows that a fold trains on are the first to be refused.
Others of_folds(Others also) {
  const std::string fold = "folds/0: F3Pipeline fit: KnnFilter fit: ";
  const std::string at_least = "x: expected at least ";
  Others others{
      {"1-D x", fold + "x: expected rows and columns, got float64 [8]: give one feature as [n, 1], "
                       "one sample as [1, n]"},
      {"3-D x", fold + "x: expected rows and columns, got float64 [8, 1, 3]: give one feature as "
                       "[n, 1], one sample as [1, n]"},
      {"float16", fold + "expected numbers, got float16 [8, 3]"},
      {"zero rows", at_least + "3 rows, one for each fold, got float64 [0, 3]"},
      {"zero columns", fold + at_least + "1 row and 1 column, got float64 [8, 0]"},
      {"one row", at_least + "3 rows, one for each fold, got float64 [1, 3]"}};
  others.insert(others.end(), also.begin(), also.end());
  return others;
}

const std::vector<Row>& rows() {
  const std::string kFold = "folds/0: F3Pipeline fit: KnnFilter fit: ";
  const std::string kHugeProducts =
      "x: its numbers are so large that their products are infinite: scale it";
  const std::string kInfinityOrNan =
      "x: row 2, column 1 is infinite, expected finite numbers or NaN";
  constexpr std::string_view kKnnUnfitted =
      "KnnFilter predict: predict before fit: there are no training points yet";
  constexpr std::string_view kInFolds = "F3Pipeline predict: KnnFilter predict: ";
  constexpr std::string_view kInFoldsUnfitted =
      "F3Pipeline predict: KnnFilter predict: predict before fit: there are no training points yet";
  static const std::vector<Row> table{
      {.name = "StandardScalerPlugin",
       .unfitted = "predict before fit: the means are not known yet",
       .ignores_y = true,
       .other_fits = {{"NaN", kTaken}, {"infinity", kInfinityOrNan}, {"one row", kTaken}},
       .other_predicts = {{"NaN", kTaken}, {"infinity", kInfinityOrNan}}},
      {.name = "PCAPlugin",
       .unfitted = "predict before fit: the directions are not known yet",
       .ignores_y = true,
       .other_fits = {{"huge", kHugeProducts},
                      {"one row", "n_components is 2, but float64 [1, 3] has at most 1"}}},
      {.name = "KnnFilter", .unfitted = "predict before fit: there are no training points yet"},
      {.name = "ClassifierSVMPlugin",
       .unfitted = "predict before fit: there are no support vectors yet",
       .other_fits = {{"huge",
                       "x: its numbers are so large that their variance is infinite: scale it"},
                      {"one row", "y: expected at least 2 classes, got only 0"},
                      {"one class", "y: expected at least 2 classes, got only 4"}}},
      {.name = "LogistiRegressionlugin",
       .unfitted = "predict before fit: there are no weights yet",
       .other_fits = {{"huge", kHugeProducts},
                      {"one row", "y: expected at least 2 classes, got only 0"},
                      {"one class", "y: expected at least 2 classes, got only 4"}}},
      {.name = "LogisticRegressionPlugin",
       .unfitted = "predict before fit: there are no weights yet",
       .other_fits = {{"huge", kHugeProducts},
                      {"one row", "y: expected at least 2 classes, got only 0"},
                      {"one class", "y: expected at least 2 classes, got only 4"}}},
      {.name = "KMeansFilter",
       .unfitted = "predict before fit: there are no centres yet",
       .ignores_y = true,
       .other_fits = {{"huge",
                       "x: its numbers are so large that squared distances are infinite: scale it"},
                      {"one row", "n_clusters is 2, but there are only 1 training rows"}}},
      {.name = "F3Pipeline",
       .unfitted = kKnnUnfitted,
       .in_fit = "KnnFilter fit: ",
       .in_predict = "KnnFilter predict: "},
      {.name = "MonoPipeline",
       .unfitted = kKnnUnfitted,
       .in_fit = "KnnFilter fit: ",
       .in_predict = "KnnFilter predict: "},
      {.name = "LocalThreadPipeline",
       .unfitted =
           "filters/0: KnnFilter predict: predict before fit: there are no training points yet",
       .in_fit = "filters/0: KnnFilter fit: ",
       .in_predict = "filters/0: KnnFilter predict: "},
      {.name = "Cached",
       .unfitted = kKnnUnfitted,
       .in_fit = "KnnFilter fit: ",
       .in_predict = "KnnFilter predict: "},
      {.name = "GridOptimizer",
       .unfitted = "predict before optimize or fit: no best pipeline is known yet",
       .in_fit = "with the pipeline as it is: KnnFilter fit: ",
       .in_predict = "KnnFilter predict: "},
      {.name = "KFoldSplitter",
       .unfitted = kInFoldsUnfitted,
       .in_predict = kInFolds,
       .other_fits = of_folds(
           {{"NaN", kFold + "x: row 1, column 1 is NaN, expected finite numbers"},
            {"infinity", kFold + "x: row 1, column 1 is infinite, expected finite numbers"},
            {"no y", kFold + "y: expected one class label per row, got nothing"},
            {"y of two columns", kFold + "y: expected one class label per row, got int64 [8, 2]"},
            {"NaN in y", kFold + "y: row 2 is NaN, expected a class label"},
            {"continuous y", kFold + "y: row 2 is 1.500000: class labels are whole numbers, a "
                                     "continuous target has no classes"}})},
      {.name = "StratifiedKFoldSplitter",
       .unfitted = kInFoldsUnfitted,
       .in_predict = kInFolds,
       .other_fits =
           of_folds({{"NaN",
                      "folds/0: F3Pipeline predict: KnnFilter predict: x: row 1, column 1 is "
                      "NaN, expected finite numbers"},
                     {"infinity",
                      "folds/0: F3Pipeline predict: KnnFilter predict: x: row 1, "
                      "column 1 is infinite, expected finite numbers"}})},
  };
  return table;
}

const Row& row_of(std::string_view name) {
  for (const Row& row : rows()) {
    if (row.name == name) return row;
  }
  throw std::runtime_error("no row for " + std::string(name) +
                           " in rows() of tests/plugins/bad_input_test.cpp: add one");
}

std::string expected_of(std::string_view name, std::string_view method, std::string_view inside,
                        std::string_view usual, std::string_view what, const Others& others) {
  std::string text = std::string(inside) + std::string(usual);
  if (usual == kTaken) text = kTaken;
  for (const Other& other : others) {
    if (other.what == what) text = other.text;
  }
  if (text == kTaken) return text;
  return std::string(name) + " " + std::string(method) + ": " + text;
}

}  // namespace

TEST_CASE("what cannot be fitted is refused, by every built-in", "[plugins]") {
  for (const std::string& name : built_in_names()) {
    if (is_metric(name)) continue;
    const Row& row = row_of(name);
    for (const BadFit& bad : bad_fits()) {
      INFO(name << ", " << bad.what);
      const char* usual = row.ignores_y && bad.is_about_y ? kTaken : bad.usual;
      const std::string expected =
          expected_of(name, "fit", row.in_fit, usual, bad.what, row.other_fits);
      BasePlugin subject = new_subject(name);
      CHECK(said_by([&] { subject.fit(bad.x, bad.y); }) == expected);
    }
  }
}

TEST_CASE("what cannot be predicted is refused, by every built-in", "[plugins]") {
  for (const std::string& name : built_in_names()) {
    if (is_metric(name)) continue;
    const Row& row = row_of(name);
    BasePlugin subject = new_subject(name);
    CHECK(said_by([&] { subject.predict(good_x()); }) ==
          name + " predict: " + std::string(row.unfitted));
    subject.fit(good_x(), good_y());
    for (const BadPredict& bad : bad_predicts()) {
      INFO(name << ", " << bad.what);
      const std::string expected =
          expected_of(name, "predict", row.in_predict, bad.usual, bad.what, row.other_predicts);
      CHECK(said_by([&] { subject.predict(bad.x); }) == expected);
    }
  }
}

TEST_CASE("a fit that is refused leaves what was learned before", "[plugins]") {
  for (const std::string& name : built_in_names()) {
    if (is_metric(name) || !row_of(name).in_predict.empty()) continue;  // not all of a pipeline's
    BasePlugin subject = new_subject(name);
    subject.fit(good_x(), good_y());
    const std::vector<double> before = subject.predict(good_x()).converted<double>();
    for (const BadFit& bad : bad_fits()) {
      if (said_by([&] { new_subject(name).fit(bad.x, bad.y); }) == kTaken) continue;
      INFO(name << ", " << bad.what);
      said_by([&] { subject.fit(bad.x, bad.y); });
      CHECK(subject.predict(good_x()).converted<double>() == before);
    }
  }
}

TEST_CASE("no data are refused, by every built-in", "[plugins]") {
  const XYData x = good_x(), y = good_y();
  for (const std::string& name : built_in_names()) {
    BasePlugin subject = new_subject(name);
    if (is_metric(name)) {
      CHECK(said_by([&] { subject.measure(&x, &y, XYData()); }) ==
            name + " measure: the caller gave no prediction");
      continue;
    }
    CHECK(said_by([&] { subject.fit(XYData(), y); }) == name + " fit: the caller gave no data");
    CHECK(said_by([&] { subject.predict(XYData()); }) ==
          name + " predict: the caller gave no data");
  }
}

TEST_CASE("more than the data have is refused", "[plugins]") {
  const XYData x = good_x(), y = good_y();
  const struct {
    const char* name;
    ParamObject params;
    const char* text;
  } table[] = {
      {"PCAPlugin",
       {{"n_components", 4}},
       "PCAPlugin fit: n_components is 4, but float64 [12, 3] has at most 3"},
      {"KnnFilter",
       {{"n_neighbors", 13}},
       "KnnFilter fit: n_neighbors is 13, but there are only 12 training rows"},
      {"KMeansFilter",
       {{"n_clusters", 13}},
       "KMeansFilter fit: n_clusters is 13, but there are only 12 training rows"},
      {"KFoldSplitter",
       {{"n_splits", 13}},
       "KFoldSplitter fit: x: expected at least 13 rows, one for each fold, got float64 [12, 3]"},
      {"StratifiedKFoldSplitter",
       {{"n_splits", 13}},
       "StratifiedKFoldSplitter fit: x: expected at least 13 rows, one for each fold, got float64 "
       "[12, 3]"},
      {"StratifiedKFoldSplitter",
       {{"n_splits", 11}},
       "StratifiedKFoldSplitter fit: y: expected a class with at least 11 rows, one for each fold, "
       "the largest has 6"},
  };
  for (const auto& row : table) {
    BasePlugin subject = new_subject(row.name).clone(row.params);
    CHECK(said_by([&] { subject.fit(x, y); }) == row.text);
  }
}

TEST_CASE("the splitters refuse what they cannot divide, as scikit-learn's", "[plugins]") {
  const XYData x = good_x(), one_row = table(1, 3);
  const XYData shorter = labels(11), continuous = with(good_y(), 3, 1.5), one = one_class();
  const std::string few = ": x: expected at least 3 rows, one for each fold, got float64 [1, 3]";
  const struct {
    const char* name;
    const XYData *x, *y;
    std::string text;
  } table[] = {
      {"KFoldSplitter", &one_row, nullptr, few},
      {"KFoldSplitter", &x, &shorter, ": x has 12 rows, but y has 11"},
      {"KFoldSplitter", &x, nullptr, kTaken},
      {"KFoldSplitter", &x, &continuous, kTaken},
      {"StratifiedKFoldSplitter", &one_row, &shorter, few},
      {"StratifiedKFoldSplitter", &x, &shorter, ": x has 12 rows, but y has 11"},
      {"StratifiedKFoldSplitter", &x, nullptr,
       ": y: expected one class label per row, got nothing"},
      {"StratifiedKFoldSplitter", &x, &continuous,
       ": y: row 3 is 1.500000: class labels are whole numbers, a continuous target has no "
       "classes"},
      {"StratifiedKFoldSplitter", &x, &one, kTaken},
  };
  for (const auto& row : table) {
    const std::string expected = row.text == kTaken ? kTaken : row.name + (" split" + row.text);
    CHECK(said_by([&] { new_subject(row.name).split(*row.x, row.y); }) == expected);
  }
}

TEST_CASE("evaluate before fit is refused where scores are of a fit", "[plugins]") {
  const XYData x = good_x(), y = good_y();
  const std::pair<const char*, const char*> table[] = {
      {"GridOptimizer",
       "GridOptimizer evaluate: predict before optimize or fit: no best pipeline is known yet"},
      {"KFoldSplitter",
       "KFoldSplitter evaluate: evaluate before fit: no folds have been scored yet"},
      {"StratifiedKFoldSplitter",
       "StratifiedKFoldSplitter evaluate: evaluate before fit: no folds have been scored yet"},
      {"F3Pipeline", kTaken},
  };
  for (const auto& [name, text] : table)
    CHECK(said_by([&, of = name] { new_subject(of).evaluate(x, y, y); }) == text);
}

}  // namespace pet::test
