#include <limits>

#include "tests/plugins/built_in.hpp"
#include "tests/plugins/oracle_file.hpp"

namespace pet::test {
namespace {

testing::Instance fitted(const Object& params, const XYData& x, const XYData& y) {
  testing::Instance knn = make("KnnFilter", params);
  knn.fit(x, y);
  return knn;
}

XYData line() { return XYData::mock<double>({{0.}, {1.}, {2.}, {3.}, {4.}, {5.}}); }
XYData labels() { return XYData::mock<std::int64_t>({0, 0, 0, 1, 1, 1}); }

}  // namespace

TEST_CASE("the neighbours vote as scikit-learn's, by every algorithm", "[plugins]") {
  for (const OracleCase& oracle : read_oracles("knn.txt")) {
    INFO(oracle.name);
    for (const char* algorithm : {"auto", "kd_tree", "ball_tree", "brute"}) {
      INFO(algorithm);
      const testing::Instance knn =
          fitted({{"n_neighbors", static_cast<std::int64_t>(oracle.numbers.at("n_neighbors"))},
                  {"p", static_cast<std::int64_t>(oracle.numbers.at("p"))},
                  {"weights", oracle.texts.at("weights")},
                  {"metric", oracle.texts.at("metric")},
                  {"algorithm", algorithm}},
                 oracle.matrices.at("x").data(), oracle.matrices.at("y").labels());
      const XYData predicted = knn.predict(oracle.matrices.at("q").data());
      CHECK(predicted.value<std::int64_t>() ==
            oracle.matrices.at("labels").labels().value<std::int64_t>());
    }
  }
}

TEST_CASE("among equally many votes the smallest label wins, at equal distance the earlier row",
          "[plugins]") {
  const XYData x = XYData::mock<double>({{-1.}, {1.}, {-1.}, {1.}});
  const XYData y = XYData::mock<std::int64_t>({7, 3, 5, 5});
  const XYData middle = XYData::mock<double>({{0.}});
  for (const char* algorithm : {"kd_tree", "brute"}) {
    for (const char* weights : {"uniform", "distance"}) {
      const auto vote = [&](int k) {
        return fitted({{"n_neighbors", k}, {"algorithm", algorithm}, {"weights", weights}}, x, y)
            .predict(middle)
            .at<std::int64_t>(0);
      };
      CHECK(vote(1) == 7);
      CHECK(vote(2) == 3);
      CHECK(vote(3) == 3);
      CHECK(vote(4) == 5);
    }
  }
}

TEST_CASE("predictions have the labels' type and one dimension", "[plugins]") {
  const auto check = [](const XYData& y) {
    const XYData predicted = fitted({{"n_neighbors", 1}}, line(), y).predict(line());
    CHECK(dtype_name(predicted.dtype()) == dtype_name(y.dtype()));
    CHECK(predicted.shape() == Shape{6});
    CHECK(predicted.converted<double>() == y.converted<double>());
  };
  check(labels());
  check(XYData::mock<std::int32_t>({0, 0, 0, 1, 1, 1}));
  check(XYData::mock<double>({0., 0., 0., -3., -3., -3.}));
  check(XYData::mock<bool>({false, false, false, true, true, true}));
  check(XYData::mock<std::int64_t>({{0}, {0}, {0}, {1}, {1}, {1}}));
}

TEST_CASE("x may be of any type", "[plugins]") {
  const testing::Instance knn = fitted(
      {{"n_neighbors", 3}}, XYData::mock<std::int64_t>({{0}, {1}, {2}, {9}, {10}, {11}}), labels());
  CHECK(knn.predict(XYData::mock<float>({{1.5F}, {8.5F}})).value<std::int64_t>() ==
        std::vector<std::int64_t>{0, 1});
}

TEST_CASE("many queries, on several threads, are answered as one by one", "[plugins]") {
  std::vector<double> values;
  for (int i = 0; i < 3000; ++i) values.push_back(static_cast<double>((i * 7919) % 600) / 100);
  const XYData queries = XYData::mock(values, {3000, 1});
  const auto answers = [&](const Value& n_jobs) {
    return fitted({{"n_neighbors", 3}, {"n_jobs", n_jobs}}, line(), labels())
        .predict(queries)
        .value<std::int64_t>();
  };
  const std::vector<std::int64_t> alone = answers(1);
  CHECK(answers(null) == alone);
  CHECK(answers(2) == alone);
  CHECK(answers(-1) == alone);
  CHECK(answers(std::numeric_limits<std::int64_t>::max()) == alone);
}

TEST_CASE("KnnFilter refuses these parameters, in these words", "[plugins]") {
  struct Bad {
    Object params;
    std::string text;
  };
  const Bad table[] = {
      {{{"n_neighbors", 0}}, "n_neighbors: expected at least 1, got 0"},
      {{{"leaf_size", 0}}, "leaf_size: expected at least 1, got 0"},
      {{{"p", 0}}, "p: expected at least 1, got 0"},
      {{{"weights", "foo"}}, "weights: expected 'uniform' or 'distance', got 'foo'"},
      {{{"algorithm", "foo"}},
       "algorithm: expected 'auto', 'kd_tree', 'ball_tree' or 'brute', got 'foo'"},
      {{{"metric", "cosine"}}, "got 'cosine'"},
      {{{"metric_params", Object{{"V", 1}}}}, "metric_params: expected null"},
      {{{"n_jobs", 0}}, "n_jobs: expected 1 or more, -1 or null, got 0"},
      {{{"n_neighbors", 2.5}}, "parameter 'n_neighbors': expected int64, got float64"},
      {{{"neighbors", 5}}, "neighbors"},
  };
  for (const Bad& bad : table) {
    CHECK_THROWS_MATCHES(make("KnnFilter", bad.params), Failure, fails(PET_BAD_PARAMS, {bad.text}));
  }
}

TEST_CASE("KnnFilter refuses this data, in these words", "[plugins]") {
  const double nan = std::nan("");
  struct Bad {
    XYData x, y;
    std::string text;
  };
  Bad table[] = {
      {line(), XYData(), "y: expected one class label per row, got nothing"},
      {line(), XYData::mock<std::int64_t>({0, 1}), "x has 6 rows, but y has 2"},
      {line(), XYData::mock<double>({0., 0.5, 1., 1., 1., 1.}), "y: row 1 is 0.5"},
      {XYData::mock<double>({{1.}, {nan}, {1.}, {1.}, {1.}, {1.}}), labels(),
       "x: row 1, column 0 is NaN"},
      {XYData::mock<double>({0., 1., 2., 3., 4., 5.}), labels(),
       "expected rows and columns, got float64 [6]"},
      {XYData::empty(dtype_of<double>(), {0, 1}), XYData::empty(dtype_of<std::int64_t>(), {0}),
       "at least 1 row"},
  };
  for (const Bad& bad : table) {
    CHECK_THROWS_MATCHES(fitted({}, bad.x, bad.y), Failure, fails(PET_BAD_INPUT, {bad.text}));
  }
  CHECK_THROWS_MATCHES(
      fitted({{"n_neighbors", 7}}, line(), labels()), Failure,
      fails(PET_BAD_INPUT, {"n_neighbors is 7, but there are only 6 training rows"}));

  const testing::Instance knn = fitted({}, line(), labels());
  CHECK_THROWS_MATCHES(knn.predict(XYData::mock<double>({{1., 2.}})), Failure,
                       fails(PET_BAD_INPUT, {"expected 1 columns as in fit, got float64 [1, 2]"}));
  CHECK_THROWS_MATCHES(knn.predict(XYData::mock<double>({{nan}})), Failure,
                       fails(PET_BAD_INPUT, {"is NaN"}));
  CHECK_THROWS_MATCHES(knn.predict(XYData::empty(dtype_of<double>(), {0, 1})), Failure,
                       fails(PET_BAD_INPUT, {"at least 1 row"}));
  CHECK_THROWS_MATCHES(make("KnnFilter").predict(line()), Failure,
                       fails(PET_NOT_FITTED, {"predict before fit"}));
}

TEST_CASE("one class only is learned like any other", "[plugins]") {
  const XYData y = XYData::mock<std::int64_t>({4, 4, 4, 4, 4, 4});
  CHECK(fitted({}, line(), y).predict(line()).value<std::int64_t>() == y.value<std::int64_t>());
}

TEST_CASE("a KnnFilter restored from its state predicts the same", "[plugins]") {
  const testing::Instance knn = fitted({{"n_neighbors", 3}}, line(), labels());
  testing::Instance other = make("KnnFilter", {{"n_neighbors", 3}});
  other.load(knn.save());
  CHECK(other.predict(line()).value<std::int64_t>() == knn.predict(line()).value<std::int64_t>());
  CHECK(other.save() == knn.save());

  other.load(make("KnnFilter").save());  // of one that is not fitted
  CHECK_THROWS_MATCHES(other.predict(line()), Failure,
                       fails(PET_NOT_FITTED, {"predict before fit"}));
}

TEST_CASE("KnnFilter refuses a state that does not fit", "[plugins]") {
  const std::string state = fitted({}, line(), labels()).save();
  testing::Instance wants_more = make("KnnFilter", {{"n_neighbors", 7}});
  CHECK_THROWS_MATCHES(wants_more.load(state), Failure, fails(PET_BAD_STATE, {"at least 7"}));
  testing::Instance knn = make("KnnFilter");
  CHECK_THROWS_MATCHES(knn.load(state.substr(0, state.size() - 9)), Failure,
                       fails(PET_BAD_STATE, {"damaged"}));

  StateWriter forged("KnnFilter", 1);
  forged.put("points", line());
  forged.put("labels", XYData::mock<std::int64_t>({1}));
  CHECK_THROWS_MATCHES(knn.load(forged.finish()), Failure,
                       fails(PET_BAD_STATE, {"points float64 [6, 1], labels int64 [1]"}));

  StateWriter half("KnnFilter", 1);
  half.put("points", line());
  half.put("labels", XYData());
  CHECK_THROWS_MATCHES(knn.load(half.finish()), Failure,
                       fails(PET_BAD_STATE, {"points float64 [6, 1], labels nothing"}));

  const auto refuse = [&](const XYData& points, const XYData& of_rows, const std::string& why) {
    StateWriter writer("KnnFilter", 1);
    writer.put("points", points);
    writer.put("labels", of_rows);
    CHECK_THROWS_MATCHES(knn.load(writer.finish()), Failure, fails(PET_BAD_STATE, {why}));
  };
  const double nan = std::nan("");
  refuse(line(), XYData::mock<double>({0, 0, nan, 1, 1, 1}), "labels: row 2 is NaN");
  refuse(line(), XYData::mock<double>({0, 0, 0.5, 1, 1, 1}), "labels: row 2 is 0.5");
  refuse(line(), XYData::empty(dtype_of<std::int64_t>(), {}), "labels int64 []");
  refuse(line(), XYData::empty(dtype_of<std::int64_t>(), {6, 2}), "labels: expected one class");
  refuse(line(), XYData::empty({PET_DTYPE_FLOAT, 16, 1}, {6}), "fit learns nothing like this: ");
  refuse(line(), XYData::empty({77, 8, 1}, {6}), "fit learns nothing like this: ");
  XYData points = line().clone();
  points.data<double>()[4] = nan;
  refuse(points, labels(), "row 4, column 0 is NaN");
  refuse(XYData::empty(dtype_of<double>(), {}), labels(), "points float64 []");
  CHECK_THROWS_MATCHES(knn.predict(line()), Failure, fails(PET_NOT_FITTED, {"predict before"}));
}

}  // namespace pet::test
