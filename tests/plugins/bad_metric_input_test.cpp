// What every metric says to labels and data that it cannot score, through core. Whatever is taken is what
// scikit-learn takes, and scores as it does.
#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "tests/plugins/bad_data.hpp"

namespace pet::test {
namespace {

// Of a metric, whose labels are all that counts unless it is one of clusters.
struct MetricRow {
  std::string_view name;
  // scikit-learn's score when both have one class, y_true has, y_pred has, and when y_pred has a class
  // for each row.
  double both_one, true_one, pred_one, all_different;
};

// These look at x and y_pred, not at y_true, and score 2 to n - 1 clusters.
constexpr std::string_view kOfClusters[] = {"CalinskiHarabasz", "Silhouette"};

constexpr MetricRow kOfLabels[] = {
    {"F1", 1, 0, 0, 2. / 7},     {"Precission", 1, 0, 0, 1},          {"Recall", 1, 0, 0, 1. / 6},
    {"ARI", 1, 0, 0, 0},         {"NMI", 1, 0, 0, 0.436209},          {"V", 1, 0, 0, 0.436209},
    {"Homogeneity", 1, 1, 0, 1}, {"Completeness", 1, 0, 1, 0.278943},
};

}  // namespace

TEST_CASE("metrics of labels refuse what are no labels, and score what scikit-learn scores",
          "[plugins]") {
  const XYData good = good_y(), one = one_class();
  const struct {
    XYData labels;
    std::string text;  // after the argument's name
  } bad_labels[] = {
      {with(good_y(), 3, kNan), ": row 3 is NaN, expected a class label"},
      {with(good_y(), 3, 1.5),
       ": row 3 is 1.500000: class labels are whole numbers, a continuous target has no classes"},
      {with(good_y(), 3, kInfinity),
       ": row 3 is inf: class labels are whole numbers, a continuous target has no classes"},
      {zeros({12, 2}), ": expected one class label per row, got float64 [12, 2]"},
  };
  for (const MetricRow& row : kOfLabels) {
    const std::string name(row.name);
    INFO(name);
    const BasePlugin metric = new_subject(name);
    const std::string says = name + " measure: ";
    const auto said = [&](const XYData* y_true, const XYData& y_pred) {
      return said_by([&] { metric.measure(nullptr, y_true, y_pred); });
    };
    for (const auto& bad : bad_labels) {
      CHECK(said(&bad.labels, good) == says + "y_true" + bad.text);
      CHECK(said(&good, bad.labels) == says + "y_pred" + bad.text);
    }
    const XYData none = labels(0);
    CHECK(said(nullptr, good) == says + "y_true: expected one class label per row, got nothing");
    CHECK(said(&good, labels(11)) == says + "y_true has 12 rows, but y_pred has 11");
    CHECK(said(&none, none) == says + "y_true: expected at least 1 row, got 0");

    std::vector<std::int64_t> numbers(12);
    std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
    const auto score = [&](const XYData& y_true, const XYData& y_pred) {
      return metric.measure(nullptr, &y_true, y_pred);
    };
    CHECK(score(one, one) == row.both_one);
    CHECK(score(one, good) == Approx(row.true_one).margin(1e-12));
    CHECK(score(good, one) == Approx(row.pred_one).margin(1e-12));
    CHECK(score(good, XYData::mock(numbers)) == Approx(row.all_different).margin(1e-6));
  }
}

TEST_CASE("metrics of clusters refuse what are none", "[plugins]") {
  const struct {
    XYData x, y_pred;
    const char* text;
  } table[] = {
      {XYData(), good_y(), "x: expected rows and columns, got nothing"},
      {zeros({12}), good_y(),
       "x: expected rows and columns, got float64 [12]: give one feature as [n, 1], one sample as "
       "[1, n]"},
      {zeros({0, 3}), labels(0), "x: expected at least 1 row and 1 column, got float64 [0, 3]"},
      {zeros({12, 0}), good_y(), "x: expected at least 1 row and 1 column, got float64 [12, 0]"},
      {with(good_x(), 7, kNan), good_y(), "x: row 2, column 1 is NaN, expected finite numbers"},
      {with(good_x(), 7, kInfinity), good_y(),
       "x: row 2, column 1 is infinite, expected finite numbers"},
      {with(good_x(), 7, 1e300), good_y(),
       "x: its numbers are so large that squared distances are infinite: scale it"},
      {good_x(), labels(11), "x has 12 rows, but y_pred has 11"},
      {good_x(), with(good_y(), 3, kNan), "y_pred: row 3 is NaN, expected a class label"},
      {good_x(), with(good_y(), 3, 1.5),
       "y_pred: row 3 is 1.500000: class labels are whole numbers, a continuous target has no "
       "classes"},
      {good_x(), one_class(), "y_pred: expected 2 to 11 different clusters for 12 rows, got 1"},
      {zeros({1, 3}), labels(1),
       "x: expected at least 3 rows, so that they can be 2 clusters, got float64 [1, 3]"},
      {zeros({12, 3}), good_y(), kTaken},
  };
  for (const std::string_view of : kOfClusters) {
    const std::string name(of);
    const BasePlugin metric = new_subject(name);
    for (const auto& row : table) {
      const std::string expected =
          std::string_view(row.text) == kTaken ? kTaken : name + " measure: " + row.text;
      CHECK(said_by([&] { metric.measure(&row.x, nullptr, row.y_pred); }) == expected);
    }
  }
}

TEST_CASE("every metric stands in a table", "[plugins]") {
  for (const std::string& name : built_in_names()) {
    if (!is_metric(name)) continue;
    INFO(name << ": add it to kOfLabels or kOfClusters of tests/plugins/bad_metric_input_test.cpp");
    const auto is_name = [&](const MetricRow& row) { return row.name == name; };
    CHECK((std::any_of(std::begin(kOfLabels), std::end(kOfLabels), is_name) ||
           std::count(std::begin(kOfClusters), std::end(kOfClusters), name) == 1));
  }
}

}  // namespace pet::test
