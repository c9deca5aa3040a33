#include "tests/plugins/built_in.hpp"
#include "tests/plugins/small_classes.hpp"

namespace pet::test {
namespace {

using testing::Instance;

XYData column() { return XYData::mock<double>({{1.}, {2.}}); }

}  // namespace

TEST_CASE(
    "each filter is fitted on the output of those before it, and those that learn nothing are "
    "passed over",
    "[plugins]") {
  Instance chain =
      make("F3Pipeline", {{"filters", Value::List{testing::make<Times>(), testing::make<Sum>(),
                                                  testing::make<Times>({{"factor", 10.0}})}}});
  chain.fit(column());
  CHECK(chain.predict(column()).value<double>() == std::vector<double>{60, 60});
}

TEST_CASE("a pipeline in a pipeline is a filter", "[plugins]") {
  const Instance inner =
      make("F3Pipeline", {{"filters", Value::List{testing::make<Times>(), testing::make<Sum>()}}});
  Instance outer = make("F3Pipeline", {{"filters", Value::List{inner, testing::make<Sum>()}}});
  outer.fit(column());
  CHECK(outer.predict(column()).value<std::int64_t>() == std::vector<std::int64_t>{12, 12});
}

TEST_CASE("a wrapper around a filter that learns nothing is passed over too", "[plugins]") {
  Instance chain =
      make("F3Pipeline",
           {{"filters", Value::List{make("Cached", {{"filter", testing::make<Times>()}})}}});
  chain.fit(column());
  CHECK(chain.predict(column()).value<double>() == std::vector<double>{2, 4});
}

TEST_CASE("without filters the data pass through, whatever their layout", "[plugins]") {
  const Instance empty = make("F3Pipeline", {{"filters", Value::List{}}});
  CHECK(empty.predict(column()).value<double>() == std::vector<double>{1, 2});
  CHECK(empty.predict(XYData::mock<std::int64_t>({3, 4})).value<std::int64_t>() ==
        std::vector<std::int64_t>{3, 4});
}

TEST_CASE("evaluate gives every metric by its class's name, the last one of a name", "[plugins]") {
  const Instance chain =
      make("F3Pipeline", {{"filters", Value::List{}},
                          {"metrics", Value::List{testing::make<Distance>(), make("F1"),
                                                  testing::make<Distance>({{"times", 3.0}})}}});
  const XYData truth = XYData::mock<std::int64_t>({1, 0});
  const XYData predicted = XYData::mock<std::int64_t>({0, 0});
  const std::vector<Score> scores = chain.evaluate(column(), truth, predicted);
  REQUIRE(scores.size() == 2);
  CHECK(scores[0].name == "Distance");
  CHECK(scores[0].value == 3);
  CHECK(scores[1].name == "F1");
  CHECK(scores[1].value == Approx(1.0 / 3));
}

TEST_CASE("a failing stage's status and text pass on", "[plugins]") {
  const Instance chain = make("F3Pipeline", {{"filters", Value::List{testing::make<Sum>()}}});
  CHECK_THROWS_MATCHES(chain.predict(column()), Failure,
                       fails(PET_NOT_FITTED, {"Sum was not fitted"}));
  Instance scaling = make("F3Pipeline", {{"filters", Value::List{make("StandardScalerPlugin")}}});
  CHECK_THROWS_MATCHES(scaling.fit(XYData::mock<double>({1.})), Failure,
                       fails(PET_BAD_INPUT, {"expected rows and columns"}));
}

TEST_CASE("F3Pipeline refuses children that are no filters or metrics", "[plugins]") {
  CHECK_THROWS_MATCHES(make("F3Pipeline"), Failure,
                       fails(PET_BAD_PARAMS, {"'filters' is required"}));
  CHECK_THROWS_MATCHES(make("F3Pipeline", {{"filters", Value::List{make("F1")}}}), Failure,
                       fails(PET_BAD_PARAMS, {"'filters', element 0", "a filter", "F1"}));
  CHECK_THROWS_MATCHES(
      make("F3Pipeline",
           {{"filters", Value::List{}}, {"metrics", Value::List{testing::make<Times>()}}}),
      Failure, fails(PET_BAD_PARAMS, {"'metrics', element 0", "a metric", "Times"}));
}

TEST_CASE("with log, every stage is reported to the host", "[plugins]") {
  testing::FakeHost host;
  {
    Instance chain = make(
        "F3Pipeline",
        {{"filters", Value::List{testing::make<Times>({}, host), testing::make<Sum>({}, host)}},
         {"log", true}},
        host);
    chain.fit(column());
    chain.predict(column());
  }
  std::vector<std::string> lines;
  for (const testing::LogLine& line : host.log) lines.push_back(line.message);
  CHECK(lines == std::vector<std::string>{
                     "F3Pipeline fits filters/0 Times", "F3Pipeline passes over filters/0 Times",
                     "F3Pipeline fits filters/1 Sum", "F3Pipeline predicts with filters/0 Times",
                     "F3Pipeline predicts with filters/1 Sum"});
}

TEST_CASE("a pipeline's state is that of all its filters", "[plugins]") {
  const auto chain = [] {
    const Instance inner = make(
        "MonoPipeline", {{"filters", Value::List{testing::make<Times>(), testing::make<Sum>()}}});
    return make("F3Pipeline", {{"filters", Value::List{inner, testing::make<Sum>()}}});
  };
  Instance trained = chain();
  trained.fit(column());
  Instance other = chain();
  other.load(trained.save());
  CHECK(other.predict(column()).value<std::int64_t>() ==
        trained.predict(column()).value<std::int64_t>());

  Instance unsaved = make("F3Pipeline", {{"filters", Value::List{testing::make<Stateless>()}}});
  CHECK_THROWS_MATCHES(unsaved.save(), Failure,
                       fails(PET_UNSUPPORTED, {"Stateless can be fitted, but cannot save"}));
}

TEST_CASE("a pipeline leaves no tensors behind", "[plugins]") {
  testing::FakeHost host;
  {
    Instance chain = make(
        "F3Pipeline",
        {{"filters", Value::List{testing::make<Times>({}, host), testing::make<Sum>({}, host)}}},
        host);
    chain.fit(column());
    chain.predict(column());
  }
  CHECK(host.live_tensors == 0);
}

}  // namespace pet::test
