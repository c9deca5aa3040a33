#include <algorithm>
#include <map>

#include "tests/plugins/built_in.hpp"
#include "tests/plugins/oracle_file.hpp"
#include "tests/plugins/small_classes.hpp"

namespace pet::test {
namespace {

using testing::Instance;
using testing::Trial;

XYData column() { return XYData::mock<double>({{1.}, {2.}}); }

Instance sum_with_grid() {
  Instance sum = testing::make<Sum>();
  sum.set_grid({{"plus", Value::List{10, 20, 30}}});
  return sum;
}

// times * (3 * factor + plus), over two grids.
Instance two_grids() {
  Instance times = testing::make<Times>();
  times.set_grid({{"factor", Value::List{1.0, 2.0}}});
  return make("F3Pipeline", {{"filters", Value::List{times, sum_with_grid()}},
                             {"metrics", Value::List{testing::make<Distance>()}}});
}

Instance optimizer(const Value& pipeline, const Instance& scorer = testing::make<Distance>()) {
  return make("GridOptimizer", {{"scorer", scorer}, {"pipeline", pipeline}});
}

// How many rows were predicted; asks for no labels.
class Rows : public Metric<Rows> {
 public:
  static constexpr bool kHigherBetter = true;
  double measure(const XYData&, const XYData& y_pred) const {
    return static_cast<double>(y_pred.rows());
  }
};
PET_CLASS(Rows)

}  // namespace

TEST_CASE("every combination is tried, the last path fastest, and the best one stays",
          "[plugins]") {
  Instance search = optimizer(two_grids());
  const XYData truth = XYData::mock<std::int64_t>({26, 26});
  const std::vector<Trial> trials = search.optimize(column(), truth);

  REQUIRE(trials.size() == 6);
  CHECK(trials[0].overrides == Object{{"filters/0/factor", 1.0}, {"filters/1/plus", 10}});
  CHECK(trials[1].overrides == Object{{"filters/0/factor", 1.0}, {"filters/1/plus", 20}});
  CHECK(trials[4].overrides == Object{{"filters/0/factor", 2.0}, {"filters/1/plus", 20}});
  CHECK(trials[0].score == 13);
  CHECK(trials[4].score == 0);
  CHECK(search.predict(column()).value<std::int64_t>() == std::vector<std::int64_t>{26, 26});

  const std::vector<Score> scores = search.evaluate(column(), truth, search.predict(column()));
  REQUIRE(scores.size() == 1);
  CHECK(scores[0].name == "Distance");
  CHECK(scores[0].value == 0);
}

TEST_CASE("the scorer says whether higher is better; the first among equals wins", "[plugins]") {
  const XYData x = XYData::mock<double>({{0.}, {1.}, {2.}, {3.}, {4.}, {5.}});
  const XYData y = XYData::mock<std::int64_t>({0, 0, 0, 1, 1, 1});
  Instance knn = make("KnnFilter");
  knn.set_grid({{"n_neighbors", Value::List{6, 3, 1}}});
  Instance search = optimizer(knn, make("F1"));
  const std::vector<Trial> trials = search.optimize(x, y);
  REQUIRE(trials.size() == 3);
  CHECK(trials[0].score < trials[1].score);
  CHECK(trials[1].score == 1);
  CHECK(trials[2].score == 1);
  CHECK(search.predict(x).value<std::int64_t>() == y.value<std::int64_t>());
  // 3 neighbours, not 1: the outlier is outvoted.
  CHECK(search.predict(XYData::mock<double>({{2.4}})).at<std::int64_t>(0) == 0);

  const std::vector<Score> scores = search.evaluate(x, y, search.predict(x));
  REQUIRE(scores.size() == 1);
  CHECK(scores[0].name == "F1");
}

TEST_CASE("fit searches too, and without a grid the pipeline is taken as it is", "[plugins]") {
  Instance search = optimizer(testing::make<Sum>({{"plus", 4}}));
  search.fit(column(), XYData::mock<std::int64_t>({0, 0}));
  CHECK(search.predict(column()).value<std::int64_t>() == std::vector<std::int64_t>{7, 7});
}

TEST_CASE("the best one travels as state, to a config with the same grid", "[plugins]") {
  Instance search = optimizer(sum_with_grid());
  search.fit(column(), XYData::mock<std::int64_t>({23, 23}));
  const std::string state = search.save();

  Instance other = optimizer(sum_with_grid());
  other.load(state);
  CHECK(other.predict(column()).value<std::int64_t>() == std::vector<std::int64_t>{23, 23});

  Instance changed = testing::make<Sum>();
  changed.set_grid({{"plus", Value::List{10, 30}}});
  Instance misfit = optimizer(changed);
  CHECK_THROWS_MATCHES(misfit.load(state), Failure,
                       fails(PET_BAD_STATE, {"the best combination is not in the grid of Sum"}));

  other.load(optimizer(sum_with_grid()).save());  // of one that has searched nothing
  CHECK_THROWS_MATCHES(other.predict(column()), Failure,
                       fails(PET_NOT_FITTED, {"before optimize or fit"}));
}

TEST_CASE("instances in a grid are tried, each combination with its own, and the best one travels",
          "[plugins]") {
  // Where the last filter's instance was shared, the last fit of it would answer for all.
  const auto search_over = [](const Value::List& last) {
    Instance times = testing::make<Times>();
    times.set_grid({{"factor", Value::List{1.0, 2.0, 3.0}}});
    Instance chain =
        make("F3Pipeline", {{"filters", Value::List{times, testing::make<Sum>({{"plus", -9}})}}});
    chain.set_grid({{"filters/1", last}});
    return optimizer(chain);
  };
  const Instance near = testing::make<Sum>({{"plus", 20}});
  const Instance far = testing::make<Sum>({{"plus", 100}});
  Instance search = search_over({far, near});
  const std::vector<Trial> trials = search.optimize(column(), XYData::mock<std::int64_t>({25, 25}));
  CHECK(trials.size() == 6);
  const std::vector<std::int64_t> best{26, 26};  // 2 * 3 + 20
  CHECK(search.predict(column()).value<std::int64_t>() == best);
  CHECK_THROWS_MATCHES(near.predict(column()), Failure, fails(PET_NOT_FITTED, {"Sum"}));

  const std::string state = search.save();
  Instance other = search_over({far, near});
  other.load(state);
  CHECK(other.predict(column()).value<std::int64_t>() == best);
  CHECK(other.save() == state);

  const Instance nearly = testing::make<Sum>({{"plus", 21}});
  for (const Value::List& grid : {Value::List{near, far}, Value::List{far}, Value::List{far, far},
                                  Value::List{far, nearly}}) {
    Instance misfit = search_over(grid);
    CHECK_THROWS_MATCHES(misfit.load(state), Failure,
                         fails(PET_BAD_STATE, {"the best combination is not in the grid of "}));
  }
}

TEST_CASE("a whole list of instances may stand in a grid", "[plugins]") {
  const Instance near = testing::make<Sum>({{"plus", 20}});
  const Instance twice = testing::make<Times>();
  const Instance far = testing::make<Sum>();
  const auto search = [&] {
    Instance chain = make("F3Pipeline", {{"filters", Value::List{far}}});
    chain.set_grid({{"filters", Value::List{Value::List{twice, near}, Value::List{far}}}});
    return optimizer(chain);
  };
  Instance fitted = search();
  fitted.fit(column(), XYData::mock<std::int64_t>({25, 25}));
  Instance other = search();
  other.load(fitted.save());
  CHECK(other.predict(column()).value<std::int64_t>() == std::vector<std::int64_t>{26, 26});
}

TEST_CASE("a forged place in the grid is refused", "[plugins]") {
  for (const std::int64_t place : {std::int64_t{-1}, std::int64_t{3}, INT64_MAX}) {
    StateWriter state("GridOptimizer", 1);
    state.put("is fitted", true);
    state.put("place", place);
    state.put("description", "");
    Instance search = optimizer(sum_with_grid());
    CHECK_THROWS_MATCHES(search.load(state.finish()), Failure,
                         fails(PET_BAD_STATE, {"the best combination is not in the grid of Sum"}));
  }
}

TEST_CASE("GridOptimizer's failures say what was tried", "[plugins]") {
  const XYData y = XYData::mock<std::int64_t>({0, 1});
  CHECK_THROWS_MATCHES(optimizer(testing::make<Sum>()).predict(column()), Failure,
                       fails(PET_NOT_FITTED, {"no best pipeline is known yet"}));
  CHECK_THROWS_MATCHES(optimizer(null).fit(column(), y), Failure,
                       fails(PET_BAD_PARAMS, {"pipeline: expected"}));
  Instance knn = make("KnnFilter");
  knn.set_grid({{"n_neighbors", Value::List{1, 5}}, {"weights", Value::List{"uniform"}}});
  CHECK_THROWS_MATCHES(
      optimizer(knn, make("F1")).fit(column(), y), Failure,
      fails(PET_BAD_INPUT,
            {"with n_neighbors = 5, weights = 'uniform': n_neighbors is 5, but there are only 2"}));
  Instance empty = testing::make<Sum>();
  empty.set_grid({{"plus", Value::List{}}});
  CHECK_THROWS_MATCHES(optimizer(empty).fit(column(), y), Failure,
                       fails(PET_BAD_PARAMS, {"_grid: no values to try for 'plus'"}));
}

TEST_CASE("around a splitter, the trials are scikit-learn's GridSearchCV, and so is the best",
          "[plugins]") {
  int cases = 0;
  for (const OracleCase& c : read_oracles("grid_search.txt")) {
    INFO(c.name);
    const Object average{{"average", c.texts.at("average")}};
    const bool counts = c.texts.at("parameter") == "n_neighbors";
    Value::List values;
    for (const double value : c.matrices.at("values").values)
      values.push_back(counts ? Value(static_cast<std::int64_t>(value)) : Value(value));
    Instance filter = make(c.texts.at("filter"),
                           counts ? Object() : Object{{"kernel", "rbf"}, {"gamma", "scale"}});
    filter.set_grid({{c.texts.at("parameter"), values}});
    const Instance pipeline =
        make("F3Pipeline", {{"filters", Value::List{make("StandardScalerPlugin"), filter}},
                            {"metrics", Value::List{make("Recall"), make("F1", average)}}});
    const Instance folds = make(c.texts.at("splitter"), {{"pipeline", pipeline}});
    Instance search = optimizer(folds, make("F1", average));

    const XYData x = c.matrices.at("x").data();
    const XYData y = c.matrices.at("y").labels();
    const std::vector<Trial> trials = search.optimize(x, y);
    const std::vector<double>& means = c.matrices.at("means").values;
    REQUIRE(trials.size() == means.size());
    for (std::size_t i = 0; i < trials.size(); ++i) {
      CHECK(trials[i].overrides ==
            Object{{"pipeline/filters/1/" + c.texts.at("parameter"), values[i]}});
      CHECK(trials[i].score == Approx(means[i]).epsilon(0).margin(1e-9));
    }

    const XYData predicted = search.predict(x);
    CHECK(predicted.value<std::int64_t>() ==
          c.matrices.at("predicted").labels().value<std::int64_t>());
    std::map<std::string, double> scores;
    for (const Score& score : search.evaluate(x, y, predicted)) scores[score.name] = score.value;
    CHECK(scores.at("F1") == make("F1", average).measure(y, predicted));
    const auto best = std::max_element(means.begin(), means.end()) - means.begin();
    const double deviation = c.matrices.at("deviations").values[static_cast<std::size_t>(best)];
    CHECK(scores.at("F1_mean") ==
          Approx(means[static_cast<std::size_t>(best)]).epsilon(0).margin(1e-9));
    CHECK(scores.at("F1_std") == Approx(deviation).epsilon(0).margin(1e-9));
    for (std::size_t i = 0; i < 5; ++i) {
      CHECK(scores.at("F1_scores/" + std::to_string(i)) ==
            Approx(c.matrices.at("best_scores").values[i]).epsilon(0).margin(1e-9));
    }
    ++cases;
  }
  CHECK(cases == 8);
}

TEST_CASE("around a splitter too, a scorer may say that lower is better", "[plugins]") {
  Instance sum = testing::make<Sum>();
  sum.set_grid({{"plus", Value::List{-40, 100, -2, 5}}});
  const Instance pipeline =
      make("F3Pipeline",
           {{"filters", Value::List{sum}}, {"metrics", Value::List{testing::make<Distance>()}}});
  const Instance folds =
      make("KFoldSplitter",
           {{"n_splits", 2}, {"shuffle", false}, {"random_state", null}, {"pipeline", pipeline}});
  Instance search = optimizer(folds);
  // In the folds, sums of 2 and 1 are to be 0.
  const std::vector<Trial> trials = search.optimize(column(), XYData::mock<std::int64_t>({0, 0}));
  REQUIRE(trials.size() == 4);
  CHECK(trials[2].score == 0.5);
  CHECK(trials[3].score == 6.5);
  // Fitted on all rows, and so it travels.
  CHECK(search.predict(column()).value<std::int64_t>() == std::vector<std::int64_t>{1, 1});
  Instance other = optimizer(folds);
  other.load(search.save());
  CHECK(other.predict(column()).value<std::int64_t>() == std::vector<std::int64_t>{1, 1});
}

TEST_CASE("around a splitter, labels may be missing when nothing needs them", "[plugins]") {
  const Instance pipeline = make("F3Pipeline", {{"filters", Value::List{testing::make<Times>()}},
                                                {"metrics", Value::List{testing::make<Rows>()}}});
  const Instance folds = make("KFoldSplitter", {{"n_splits", 2}, {"pipeline", pipeline}});
  Instance search = optimizer(folds, testing::make<Rows>());
  const std::vector<Trial> trials = search.optimize(column());
  REQUIRE(trials.size() == 1);
  CHECK(trials[0].score == 1);
}

TEST_CASE("around a splitter, the pipeline's metrics have the scorer", "[plugins]") {
  const XYData y = XYData::mock<std::int64_t>({0, 1});
  const auto search = [&](const std::vector<Instance>& metrics) {
    const Instance pipeline =
        make("F3Pipeline", {{"filters", Value::List{make("KnnFilter", {{"n_neighbors", 1}})}},
                            {"metrics", Value::List(metrics.begin(), metrics.end())}});
    const Instance folds = make("KFoldSplitter", {{"n_splits", 2}, {"pipeline", pipeline}});
    optimizer(folds, make("F1")).optimize(column(), y);
  };
  CHECK_NOTHROW(search({make("F1")}));
  CHECK_THROWS_MATCHES(
      search({make("Recall")}), Failure,
      fails(PET_BAD_PARAMS, {"with the pipeline as it is: scorer: expected one of the metrics of "
                             "the pipeline in KFoldSplitter, got F1: add it to them"}));
  CHECK_THROWS_MATCHES(
      search({make("F1", {{"average", "macro"}})}), Failure,
      fails(PET_BAD_PARAMS, {"scorer: expected F1 as it stands in the pipeline's metrics, got one "
                             "of other parameters or of another version"}));
}

TEST_CASE("bad data are refused by what is searched, and the combination is named", "[plugins]") {
  const Instance pipeline = make("F3Pipeline", {{"filters", Value::List{make("KnnFilter")}},
                                                {"metrics", Value::List{make("F1")}}});
  const Instance folds = make("KFoldSplitter", {{"pipeline", pipeline}});
  Instance search = optimizer(folds, make("F1"));
  const XYData y = XYData::mock<std::int64_t>({0, 1});
  CHECK_THROWS_MATCHES(
      search.fit(XYData::empty(dtype_of<double>(), {0, 2}), XYData::mock<std::int64_t>({})),
      Failure,
      fails(PET_BAD_INPUT, {"with the pipeline as it is: x: expected at least 5 rows, one for each "
                            "fold, got float64 [0, 2]"}));
  CHECK_THROWS_MATCHES(search.fit(XYData::empty(dtype_of<double>(), {6, 1}), y), Failure,
                       fails(PET_BAD_INPUT, {"x has 6 rows, but y has 2"}));
  CHECK_THROWS_MATCHES(search.predict(column()), Failure,
                       fails(PET_NOT_FITTED, {"predict before optimize or fit"}));
  CHECK_THROWS_MATCHES(search.evaluate(column(), y, y), Failure,
                       fails(PET_NOT_FITTED, {"before optimize or fit"}));
}

TEST_CASE("a wrapper around what learns nothing is searched too", "[plugins]") {
  Instance times = testing::make<Times>();
  times.set_grid({{"factor", Value::List{3.0, 2.0}}});
  Instance search = optimizer(make("Cached", {{"filter", times}}));
  const std::vector<Trial> trials = search.optimize(column(), XYData::mock<double>({2., 4.}));
  REQUIRE(trials.size() == 2);
  CHECK(trials[0].score == 1);
  CHECK(trials[1].score == 0);
}

TEST_CASE("a cancelled search stops", "[plugins]") {
  testing::FakeHost host;
  host.cancelled = true;
  Instance search = make(
      "GridOptimizer",
      {{"scorer", testing::make<Distance>({}, host)}, {"pipeline", testing::make<Sum>({}, host)}},
      host);
  CHECK_THROWS_MATCHES(search.fit(column(), column()), Failure,
                       fails(PET_CANCELLED, {"cancelled"}));
}

}  // namespace pet::test
