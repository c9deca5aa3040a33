// What the splitters with a pipeline in them do, whichever they are.
#include <map>
#include <pet/pipeline.hpp>

#include "tests/plugins/built_in.hpp"
#include "tests/plugins/small_classes.hpp"
#include "tests/plugins/splitters/test_folds.hpp"

namespace pet::test {
namespace {

using testing::FakeHost;
using testing::Instance;

XYData x() {
  return XYData::mock<double>({{0.}, {1.}, {2.}, {10.}, {11.}, {12.}, {3.}, {13.}, {4.}, {14.}});
}
XYData y() { return XYData::mock<std::int64_t>({0, 0, 0, 1, 1, 1, 0, 1, 1, 0}); }

// A pipeline with one filter and these metrics.
Instance chain(const Instance& filter, const std::vector<Instance>& metrics,
               FakeHost& host = FakeHost::shared()) {
  return make(
      "F3Pipeline",
      {{"filters", Value::List{filter}}, {"metrics", Value::List(metrics.begin(), metrics.end())}},
      host);
}

Instance knn() {
  return chain(make("KnnFilter", {{"n_neighbors", 1}}), {make("F1"), make("Recall")});
}

Instance splitter_of(const std::string& name, const Value& pipeline,
                     FakeHost& host = FakeHost::shared()) {
  return make(name, {{"n_splits", 2}, {"random_state", 3}, {"pipeline", pipeline}}, host);
}

std::map<std::string, double> scores_of(const Instance& instance) {
  std::map<std::string, double> scores;
  for (const Score& score : instance.evaluate(x(), y(), instance.predict(x())))
    CHECK(scores.emplace(score.name, score.value).second);
  return scores;
}

// What its pipelines are fitted on and asked for, as text, in the order of the calls.
class Diary : public Pipeline<Diary> {
 public:
  inline static std::vector<std::string> lines;

  void fit(const XYData& x, const XYData& y) {
    lines.push_back("fit" + row(x) + (y ? row(y) : ""));
  }
  XYData predict(const XYData& x) const {
    lines.push_back("predict" + row(x));
    return x.clone();
  }
  void evaluate(const XYData& x, const XYData& y_true, const XYData& y_pred, Scores& scores) const {
    lines.push_back("evaluate" + row(x) + (y_true ? row(y_true) : "") + row(y_pred));
    scores.add("Sum", 1);
    scores.add("Sum", static_cast<double>(x.size()));
  }

 private:
  static std::string row(const XYData& data) {
    std::string text;
    for (const auto value : data.converted<std::int64_t>()) text += " " + std::to_string(value);
    return text + ";";
  }
};
PET_CLASS(Diary)

// Measures under another name each time.
class Fickle : public Pipeline<Fickle> {
 public:
  inline static int times = 0;
  XYData predict(const XYData& x) const { return x.clone(); }
  void evaluate(const XYData&, const XYData&, const XYData&, Scores& scores) const {
    scores.add("M" + std::to_string(times++), 0);
  }
};
PET_CLASS(Fickle)

}  // namespace

TEST_CASE("fit trains and scores a pipeline of its own for each fold, then its own on all rows",
          "[plugins]") {
  Diary::lines.clear();
  const Instance diary = testing::make<Diary>();
  Instance validation =
      make("KFoldSplitter",
           {{"n_splits", 2}, {"shuffle", false}, {"random_state", null}, {"pipeline", diary}});
  validation.fit(XYData::mock<std::int64_t>({1, 2, 3}), XYData::mock<std::int64_t>({7, 8, 9}));
  CHECK(Diary::lines == std::vector<std::string>{
                            "fit 3; 9;", "predict 1 2;", "evaluate 1 2; 7 8; 1 2;", "fit 1 2; 7 8;",
                            "predict 3;", "evaluate 3; 9; 3;", "fit 1 2 3; 7 8 9;"});

  Diary::lines.clear();
  validation.fit(XYData::mock<std::int64_t>({1, 2, 3}));  // KFoldSplitter needs no labels
  CHECK(Diary::lines.back() == "fit 1 2 3;");
  const std::vector<Score> scores =
      validation.evaluate(XYData::mock<std::int64_t>({5}), {}, XYData::mock<std::int64_t>({6}));
  CHECK(Diary::lines.back() == "evaluate 5; 6;");
  std::vector<std::string> names;
  for (const Score& score : scores) names.push_back(score.name);
  CHECK(names == std::vector<std::string>{"Sum", "Sum", "Sum_mean", "Sum_std", "Sum_scores/0",
                                          "Sum_scores/1"});
  CHECK(scores[2].value == 1.5);  // of two scores of one name in a fold, the last
  CHECK(scores[3].value == 0.5);
  CHECK(scores[4].value == 2);
}

TEST_CASE("evaluate gives the pipeline's metrics, and their mean and deviation over the folds",
          "[plugins]") {
  const auto name = GENERATE(as<std::string>{}, "KFoldSplitter", "StratifiedKFoldSplitter");
  INFO(name);
  const Instance pipeline = knn();
  Instance validation = splitter_of(name, pipeline);
  validation.fit(x(), y());
  const std::map<std::string, double> scores = scores_of(validation);
  REQUIRE(scores.size() == 10);
  CHECK(scores.at("F1") == 1);  // every training point is its own nearest

  double sum = 0;
  const std::vector<Fold> folds = validation.split(x(), y());
  for (std::size_t i = 0; i < folds.size(); ++i) {
    const auto part = [&](const XYData& of, const std::vector<std::int64_t>& rows) {
      return of.take_rows(rows.data(), rows.size());
    };
    Instance filter = make("KnnFilter", {{"n_neighbors", 1}});
    filter.fit(part(x(), folds[i].train), part(y(), folds[i].train));
    const double expected =
        make("F1").measure(part(y(), folds[i].test), filter.predict(part(x(), folds[i].test)));
    CHECK(scores.at("F1_scores/" + std::to_string(i)) == expected);
    sum += expected;
  }
  CHECK(scores.at("F1_mean") == Approx(sum / 2).epsilon(1e-15));
  const double gap = scores.at("F1_scores/0") - scores.at("F1_scores/1");
  CHECK(scores.at("F1_std") == Approx(std::abs(gap) / 2).epsilon(1e-12).margin(1e-15));
  CHECK(scores.at("F1_mean") < 1);
  CHECK(scores.count("Recall_mean") == 1);
}

TEST_CASE("after fit, a splitter predicts as its pipeline fitted on all rows", "[plugins]") {
  const auto name = GENERATE(as<std::string>{}, "KFoldSplitter", "StratifiedKFoldSplitter");
  const Instance pipeline = knn();
  Instance validation = splitter_of(name, pipeline);
  validation.fit(x(), y());
  CHECK(validation.predict(x()).value<std::int64_t>() == y().value<std::int64_t>());
}

TEST_CASE("a pipeline that learns nothing is validated too", "[plugins]") {
  const Instance pipeline = chain(testing::make<Times>(), {testing::make<Distance>()});
  Instance validation = splitter_of("KFoldSplitter", pipeline);
  validation.fit(x(), x());
  CHECK(scores_of(validation).count("Distance_mean") == 1);
}

TEST_CASE("what was measured and learned travels as state", "[plugins]") {
  const auto name = GENERATE(as<std::string>{}, "KFoldSplitter", "StratifiedKFoldSplitter");
  const Instance pipeline = knn();
  Instance trained = splitter_of(name, pipeline);
  trained.fit(x(), y());
  const std::string state = trained.save();

  const Instance other_pipeline = knn();
  Instance other = splitter_of(name, other_pipeline);
  const std::string unfitted = other.save();
  other.load(state);
  CHECK(other.predict(x()).value<std::int64_t>() == trained.predict(x()).value<std::int64_t>());
  CHECK(scores_of(other) == scores_of(trained));

  const Instance three_folds = knn();
  Instance misfit = make(name, {{"n_splits", 3}, {"pipeline", three_folds}});
  CHECK_THROWS_MATCHES(
      misfit.load(state), Failure,
      fails(PET_BAD_STATE, {"expected scores of 3 folds, as n_splits says, got 2"}));
  CHECK_THROWS_MATCHES(make(name).load(state), Failure,
                       fails(PET_BAD_STATE, {"has a pipeline's in it, but pipeline is null"}));
  CHECK_THROWS_MATCHES(other.load(make(name).save()), Failure,
                       fails(PET_BAD_STATE, {"saved field 'pipeline' is missing"}));

  other.load(unfitted);
  CHECK_THROWS_MATCHES(other.evaluate(x(), y(), y()), Failure,
                       fails(PET_NOT_FITTED, {"evaluate before fit: no folds have been scored"}));
  CHECK_THROWS_MATCHES(other.predict(x()), Failure, fails(PET_NOT_FITTED, {"predict before fit"}));
}

TEST_CASE("a splitter's failures say what is missing, and in which fold", "[plugins]") {
  const auto name = GENERATE(as<std::string>{}, "KFoldSplitter", "StratifiedKFoldSplitter");
  INFO(name);
  const auto no_pipeline =
      fails(PET_BAD_PARAMS, {"pipeline: expected one to cross-validate, got null"});
  CHECK_THROWS_MATCHES(make(name).fit(x(), y()), Failure, no_pipeline);
  CHECK_THROWS_MATCHES(make(name).predict(x()), Failure, no_pipeline);
  CHECK_THROWS_MATCHES(make(name).evaluate(x(), y(), y()), Failure, no_pipeline);

  const Instance filter = make("KnnFilter");
  CHECK_THROWS_MATCHES(
      splitter_of(name, filter).fit(x(), y()), Failure,
      fails(PET_BAD_PARAMS, {"pipeline: expected one whose metrics score the folds, got KnnFilter, "
                             "which measures nothing: put it into an F3Pipeline with metrics"}));

  const Instance many = chain(make("KnnFilter", {{"n_neighbors", 6}}), {});
  CHECK_THROWS_MATCHES(splitter_of(name, many).fit(x(), y()), Failure,
                       fails(PET_BAD_INPUT, {"folds/0: ", "n_neighbors is 6"}));

  const Instance fickle = testing::make<Fickle>();
  CHECK_THROWS_MATCHES(
      splitter_of(name, fickle).fit(x(), y()), Failure,
      fails(PET_FAILED, {"folds/1: expected every fold to be measured by the same metrics, but 'M",
                         "' stands in some of them only"}));

  const Instance pipeline = knn();
  CHECK_THROWS_MATCHES(splitter_of(name, pipeline).fit(x(), XYData::mock<std::int64_t>({0, 1})),
                       Failure, fails(PET_BAD_INPUT, {"x has 10 rows, but y has 2"}));
}

TEST_CASE("a cross-validation that fails leaves what was there", "[plugins]") {
  const Instance pipeline = knn();
  Instance validation = splitter_of("KFoldSplitter", pipeline);
  validation.fit(x(), y());
  const auto before = scores_of(validation);
  const XYData no_labels = XYData::mock(std::vector<double>(10, 0.5));
  CHECK_THROWS_MATCHES(validation.fit(x(), no_labels), Failure,
                       fails(PET_BAD_INPUT, {"folds/0: ", "y: row 0 is 0.5"}));
  CHECK(scores_of(validation) == before);
}

TEST_CASE("a cancelled cross-validation stops", "[plugins]") {
  FakeHost host;
  host.cancelled = true;
  const Instance pipeline = chain(testing::make<Times>({}, host), {}, host);
  Instance validation = splitter_of("KFoldSplitter", pipeline, host);
  CHECK_THROWS_MATCHES(validation.fit(x(), y()), Failure, fails(PET_CANCELLED, {"cancelled"}));
}

TEST_CASE("a cross-validation leaves no tensors behind", "[plugins]") {
  FakeHost host;
  {
    const Instance pipeline = chain(testing::make<Sum>({}, host), {}, host);
    Instance validation = splitter_of("KFoldSplitter", pipeline, host);
    validation.fit(x(), y());
    validation.predict(x());
  }
  CHECK(host.live_tensors == 0);
}

}  // namespace pet::test
