#include "plugins/filters/k_means.hpp"
#include "tests/plugins/built_in.hpp"
#include "tests/plugins/oracle_file.hpp"

namespace pet::test {
namespace {

Object params_of(const OracleCase& oracle) {
  const auto whole = [&](const char* key) {
    return static_cast<std::int64_t>(oracle.numbers.at(key));
  };
  return {{"n_clusters", whole("n_clusters")}, {"init", oracle.texts.at("init")},
          {"n_init", whole("n_init")},         {"max_iter", whole("max_iter")},
          {"tol", oracle.numbers.at("tol")},   {"random_state", whole("random_state")}};
}

plugins::KMeansOptions options_of(const OracleCase& oracle) {
  plugins::KMeansOptions options;
  options.n_clusters = static_cast<std::int64_t>(oracle.numbers.at("n_clusters"));
  options.plus_plus = oracle.texts.at("init") == "k-means++";
  options.n_init = static_cast<std::int64_t>(oracle.numbers.at("n_init"));
  options.max_iter = static_cast<std::int64_t>(oracle.numbers.at("max_iter"));
  options.tol = oracle.numbers.at("tol");
  options.seed = static_cast<std::uint32_t>(oracle.numbers.at("random_state"));
  return options;
}

std::vector<std::int64_t> labels_of(const OracleCase& oracle, const std::string& key) {
  return oracle.matrices.at(key).labels().value<std::int64_t>();
}

// The same pseudo-random numbers everywhere.
XYData cloud(std::int64_t rows, std::int64_t columns) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    values.push_back(static_cast<double>((i * 7919 + i * i % 31) % 1009) / 10);
  }
  return XYData::mock(values, {rows, columns});
}

XYData line() { return XYData::mock<double>({{0.}, {1.}, {10.}, {11.}}); }

testing::Instance fitted(const Object& params, const XYData& x,
                         testing::FakeHost& host = testing::FakeHost::shared()) {
  testing::Instance k_means = make("KMeansFilter", params, host);
  k_means.fit(x);
  return k_means;
}

}  // namespace

TEST_CASE("the clusters are scikit-learn's, centres, numbers, steps and inertia", "[plugins]") {
  for (const OracleCase& oracle : read_oracles("k_means.txt")) {
    INFO(oracle.name);
    const OracleMatrix& x = oracle.matrices.at("x");
    const plugins::KMeansResult result = plugins::k_means(x.values, x.columns, options_of(oracle),
                                                          Host(testing::FakeHost::shared().get()));
    CHECK(result.labels == labels_of(oracle, "labels"));
    CHECK(result.iterations == oracle.numbers.at("iterations"));
    CHECK(result.inertia == Approx(oracle.numbers.at("inertia")).epsilon(1e-9).margin(1e-20));
    const std::vector<double>& centers = oracle.matrices.at("centers").values;
    REQUIRE(result.centers.size() == centers.size());
    for (std::size_t i = 0; i < centers.size(); ++i) {
      CHECK(result.centers[i] == Approx(centers[i]).epsilon(1e-9).margin(1e-9));
    }
  }
}

TEST_CASE("KMeansFilter predicts the clusters' numbers as scikit-learn's", "[plugins]") {
  for (const OracleCase& oracle : read_oracles("k_means.txt")) {
    INFO(oracle.name);
    for (const char* algorithm : {"lloyd", "elkan"}) {
      Object params = params_of(oracle);
      params["algorithm"] = algorithm;
      const testing::Instance k_means = fitted(params, oracle.matrices.at("x").data());
      const XYData q = oracle.matrices.at("q").data();
      const XYData predicted = k_means.predict(q);
      CHECK(predicted.shape() == Shape{q.rows()});
      CHECK(predicted.value<std::int64_t>() == labels_of(oracle, "predicted"));
    }
  }
}

TEST_CASE("the clusters do not depend on the number of threads", "[plugins]") {
  const XYData x = cloud(5000, 3);
  const Object params = {{"n_clusters", 6}, {"n_init", 2}, {"max_iter", 20}};
  testing::FakeHost alone;
  alone.missing = {PET_HOST_PARALLEL_1};
  testing::FakeHost many;
  many.threads = 7;
  const testing::Instance expected = fitted(params, x);
  for (testing::FakeHost* host : {&alone, &many}) {
    const testing::Instance k_means = fitted(params, x, *host);
    CHECK(k_means.save() == expected.save());
    CHECK(k_means.predict(x).value<std::int64_t>() == expected.predict(x).value<std::int64_t>());
  }
}

TEST_CASE("without random_state the answer is that of random_state 0", "[plugins]") {
  const XYData x = cloud(300, 2);
  const std::string state = fitted({{"n_init", 1}}, x).save();
  CHECK(fitted({{"n_init", 1}}, x).save() == state);
  CHECK(fitted({{"n_init", 1}, {"random_state", 0}}, x).save() == state);
  CHECK(fitted({{"n_init", 1}, {"random_state", 1}}, x).save() != state);
}

TEST_CASE("KMeansFilter takes any type and strided rows, and does not look at y", "[plugins]") {
  const XYData x = cloud(60, 2);
  const Object params = {{"n_clusters", 3}};
  const std::string state = fitted(params, x).save();
  CHECK(fitted(params, x.clone()).save() == state);

  const XYData whole = XYData::mock<std::int64_t>({{0, 1}, {1, 0}, {9, 9}, {10, 9}});
  const testing::Instance k_means = fitted({{"n_clusters", 2}}, whole);
  const auto labels = k_means.predict(whole).value<std::int64_t>();
  CHECK(labels[0] == labels[1]);
  CHECK(labels[2] == labels[3]);
  CHECK(labels[0] != labels[2]);
  CHECK(k_means.predict(XYData::mock<float>({{0.F, 0.F}})).value<std::int64_t>()[0] == labels[0]);
  CHECK(k_means.predict(whole.rows(2, 4)).value<std::int64_t>() ==
        std::vector<std::int64_t>{labels[2], labels[2]});

  testing::Instance with_y = make("KMeansFilter", {{"n_clusters", 2}});
  with_y.fit(whole, XYData::mock<std::int64_t>({1}));
  CHECK(with_y.save() == k_means.save());
}

TEST_CASE("fewer different rows than clusters are reported, not refused", "[plugins]") {
  testing::FakeHost host;
  const XYData x = XYData::mock<double>({{1.}, {1.}, {1.}, {5.}});
  const testing::Instance k_means = fitted({{"n_clusters", 3}}, x, host);
  const auto labels = k_means.predict(x).value<std::int64_t>();
  CHECK(labels[0] == labels[1]);
  CHECK(labels[0] != labels[3]);
  REQUIRE(host.log.size() == 1);
  CHECK(host.log[0].level == PET_LOG_WARNING);
  CHECK(host.log[0].message ==
        "KMeansFilter found 2 clusters, n_clusters is 3: x has too few different rows");
}

TEST_CASE("a KMeansFilter stops when it is cancelled", "[plugins]") {
  testing::FakeHost host;
  host.cancelled = true;
  CHECK_THROWS_MATCHES(fitted({{"n_clusters", 2}}, line(), host), Failure,
                       fails(PET_CANCELLED, {"cancelled"}));
}

TEST_CASE("a KMeansFilter restored from its state predicts the same", "[plugins]") {
  for (const OracleCase& oracle : read_oracles("k_means.txt")) {
    INFO(oracle.name);
    const testing::Instance k_means = fitted(params_of(oracle), oracle.matrices.at("x").data());
    testing::Instance other =
        make("KMeansFilter",
             {{"n_clusters", static_cast<std::int64_t>(oracle.numbers.at("n_clusters"))}});
    other.load(k_means.save());
    const XYData q = oracle.matrices.at("q").data();
    CHECK(other.predict(q).value<std::int64_t>() == k_means.predict(q).value<std::int64_t>());
    CHECK(other.save() == k_means.save());
  }
  testing::Instance k_means = fitted({{"n_clusters", 2}}, line());
  k_means.load(make("KMeansFilter").save());  // of one that is not fitted
  CHECK_THROWS_MATCHES(k_means.predict(line()), Failure,
                       fails(PET_NOT_FITTED, {"predict before fit"}));
}

TEST_CASE("KMeansFilter refuses a state that does not fit", "[plugins]") {
  const std::string state = fitted({{"n_clusters", 2}}, line()).save();
  CHECK_THROWS_MATCHES(make("KMeansFilter").load(state.substr(0, state.size() - 9)), Failure,
                       fails(PET_BAD_STATE, {"damaged"}));
  CHECK_THROWS_MATCHES(make("KMeansFilter").load(state), Failure,
                       fails(PET_BAD_STATE, {"expected 8 centres of 1 columns, got 2 numbers"}));
  const auto load = [](std::int64_t columns, const std::vector<double>& centers) {
    StateWriter writer("KMeansFilter", 1);
    writer.put("columns", columns);
    writer.put("centers", centers);
    make("KMeansFilter", {{"n_clusters", 2}}).load(writer.finish());
  };
  CHECK_NOTHROW(load(2, {1, 2, 3, 4}));
  for (const std::int64_t columns : {-2, 0, 1, 3}) {
    CHECK_THROWS_MATCHES(load(columns, {1, 2, 3, 4}), Failure,
                         fails(PET_BAD_STATE, {"expected 2 centres of " + std::to_string(columns) +
                                               " columns, got 4 numbers"}));
  }
  CHECK_THROWS_MATCHES(load(2, {1, 2, 3}), Failure,
                       fails(PET_BAD_STATE, {"2 centres of 2 columns, got 3 numbers"}));
  CHECK_THROWS_MATCHES(load(1, {1, std::nan("")}), Failure,
                       fails(PET_BAD_STATE, {"expected finite centres, got NaN or infinity"}));
}

TEST_CASE("KMeansFilter refuses these parameters, in these words", "[plugins]") {
  struct Bad {
    Object params;
    std::string text;
  };
  const Bad table[] = {
      {{{"n_clusters", 0}}, "n_clusters: expected at least 1, got 0"},
      {{{"n_init", 0}}, "n_init: expected at least 1, got 0"},
      {{{"max_iter", -1}}, "max_iter: expected at least 1, got -1"},
      {{{"init", "far"}}, "init: expected 'k-means++' or 'random', got 'far'"},
      {{{"tol", -0.5}}, "tol: expected a number of at least 0, got -0.5"},
      {{{"tol", std::nan("")}}, "tol: expected a number of at least 0, got nan"},
      {{{"random_state", -1}}, "random_state: expected null or 0 to 4294967295, got -1"},
      {{{"random_state", 4294967296}},
       "random_state: expected null or 0 to 4294967295, got 4294967296"},
      {{{"algorithm", "full"}}, "algorithm: expected 'lloyd' or 'elkan', got 'full'"},
  };
  for (const Bad& bad : table) {
    CHECK_THROWS_MATCHES(make("KMeansFilter", bad.params), Failure,
                         fails(PET_BAD_PARAMS, {bad.text}));
  }
}

TEST_CASE("KMeansFilter refuses this data, in these words", "[plugins]") {
  const double nan = std::nan("");
  const std::string large =
      "x: its numbers are so large that squared distances are infinite: scale it";
  struct Bad {
    XYData x;
    std::string text;
  };
  const Bad table[] = {
      {XYData::mock<double>({{1.}, {nan}}), "x: row 1, column 0 is NaN"},
      {XYData::mock<double>({{1.}, {HUGE_VAL}}), "x: row 1, column 0 is infinite"},
      {XYData::mock<double>({0., 1.}), "expected rows and columns, got float64 [2]"},
      {XYData::empty(dtype_of<double>(), {0, 1}), "at least 1 row"},
      {XYData::mock<double>({{1.}}), "n_clusters is 2, but there are only 1 training rows"},
      {XYData::mock<double>({{1e200}, {-1e200}}), large},
      {XYData::mock<double>({{1.7e308}, {1.7e308}}), large},
  };
  for (const Bad& bad : table) {
    CHECK_THROWS_MATCHES(fitted({{"n_clusters", 2}}, bad.x), Failure,
                         fails(PET_BAD_INPUT, {bad.text}));
  }
  // More rows than 32 bits count, all of them the same one.
  std::int64_t shape[] = {4294967296, 1};
  std::int64_t strides[] = {0, 0};
  bool value = false;
  pet_tensor tensor{{1, 0},
                    nullptr,
                    nullptr,
                    0,
                    {&value, {PET_DEVICE_CPU, 0}, 2, dtype_of<bool>(), shape, strides, 0}};
  CHECK_THROWS_MATCHES(
      fitted({}, XYData::borrow(&tensor)), Failure,
      fails(PET_BAD_INPUT, {"x: expected at most 4294967295 rows, got bool [4294967296, 1]"}));

  const testing::Instance k_means = fitted({{"n_clusters", 2}}, line());
  CHECK_THROWS_MATCHES(k_means.predict(XYData::mock<double>({{1., 2.}})), Failure,
                       fails(PET_BAD_INPUT, {"expected 1 columns as in fit, got float64 [1, 2]"}));
  CHECK_THROWS_MATCHES(k_means.predict(XYData::mock<double>({{nan}})), Failure,
                       fails(PET_BAD_INPUT, {"is NaN"}));
  CHECK_THROWS_MATCHES(make("KMeansFilter").predict(line()), Failure,
                       fails(PET_NOT_FITTED, {"predict before fit: there are no centres yet"}));
}

TEST_CASE("KMeansFilter says that its integers are clusters, and no classifier does", "[plugins]") {
  CHECK(make("KMeansFilter").has(PET_CLUSTERS_1));
  CHECK_FALSE(make("KnnFilter").has(PET_CLUSTERS_1));
}

}  // namespace pet::test
