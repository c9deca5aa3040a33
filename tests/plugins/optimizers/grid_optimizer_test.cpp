#include "tests/plugins/built_in.hpp"
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
