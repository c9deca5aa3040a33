// Classes with children, and host services, on the fake host.
#include "pet/testing.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <numeric>

#include "pet/filter.hpp"
#include "pet/metric.hpp"
#include "pet/optimizer.hpp"
#include "pet/pipeline.hpp"
#include "pet/splitter.hpp"
#include "tests/sdk/messages.hpp"

namespace {

using pet::Object;
using pet::Value;
using pet::XYData;
using pet::testing::FakeHost;
using pet::testing::make;

class Times : public pet::Filter<Times> {
 public:
  PET_PARAM(double, factor, 2.0, "");
  XYData predict(const XYData& x) const {
    const auto in = x.matrix<double>();
    XYData y = like(x);
    auto out = y.matrix<double>();
    host().parallel_for(static_cast<std::uint64_t>(in.rows()), [&](std::uint64_t i) {
      const auto row = static_cast<std::int64_t>(i);
      for (std::int64_t j = 0; j < in.columns(); ++j) out(row, j) = factor * in(row, j);
    });
    return y;
  }
};
PET_PLUGIN(Times)

class Center : public pet::Filter<Center> {
 public:
  PET_STATE(std::vector<double>, mean, "");
  void fit(const XYData& x) {
    const std::vector<double> values = x.value<double>();
    mean = {std::accumulate(values.begin(), values.end(), 0.0) /
            static_cast<double>(values.size())};
    host().info("fitted");
  }
  XYData predict(const XYData& x) const {
    if (mean.empty()) throw pet::Failure::not_fitted("fit Center first");
    XYData y = x.clone();
    for (std::int64_t i = 0; i < y.size(); ++i) y.data<double>()[i] -= mean[0];
    return y;
  }
};
PET_PLUGIN(Center)  // two of them, as author's files end

// Remembers where its inputs lie.
class Looks : public pet::Filter<Looks> {
 public:
  struct Seen {
    const char* first;
    pet::Shape strides;
    bool is_read_only;

    friend bool operator==(const Seen& a, const Seen& b) {
      return a.first == b.first && a.strides == b.strides && a.is_read_only == b.is_read_only;
    }
  };
  inline static std::vector<Seen> seen;

  void fit(const XYData& x, const XYData& y) {
    look(x);
    look(y);
  }
  XYData predict(const XYData& x) const {
    look(x);
    return x.clone();
  }

 private:
  static void look(const XYData& data) {
    seen.push_back({data.raw_data(), data.strides(), data.is_read_only()});
  }
};
PET_PLUGIN(Looks)

class MeanError : public pet::Metric<MeanError> {
 public:
  static constexpr bool kHigherBetter = false;
  double measure(const XYData& y_true, const XYData& y_pred) const {
    double sum = 0;
    for (std::int64_t i = 0; i < y_true.size(); ++i) {
      sum += std::abs(y_true.data<double>()[i] - y_pred.data<double>()[i]);
    }
    return sum / static_cast<double>(y_true.size());
  }
};
PET_CLASS(MeanError)

class Chain : public pet::Pipeline<Chain> {
 public:
  PET_PARAM(std::vector<pet::FilterChild>, filters, pet::required, "");
  PET_PARAM(std::vector<pet::MetricChild>, metrics, {}, "");

  void fit(const XYData& x, const XYData& y) {
    XYData data = x.view();
    for (auto& filter : filters) {
      if (filter.has_fit()) filter.fit(data, y);
      data = filter.predict(data);
    }
  }
  XYData predict(const XYData& x) const {
    XYData data = x.view();
    for (const auto& filter : filters) data = filter.predict(data);
    return data;
  }
  void evaluate(const XYData& x, const XYData& y_true, const XYData& y_pred,
                pet::Scores& scores) const {
    for (const auto& metric : metrics)
      scores.add(metric.class_name(), metric.measure(x, y_true, y_pred));
  }
};
PET_CLASS(Chain)

class LeaveOneOut : public pet::Splitter<LeaveOneOut> {
 public:
  void split(const XYData& x, const XYData&, pet::Folds& folds) const {
    for (std::int64_t out = 0; out < x.rows(); ++out) {
      std::vector<std::int64_t> train;
      for (std::int64_t i = 0; i < x.rows(); ++i) {
        if (i != out) train.push_back(i);
      }
      folds.add(train, {out});
    }
  }
};
PET_CLASS(LeaveOneOut)

// Tries every value of the grid's first path.
class Search : public pet::Optimizer<Search> {
 public:
  PET_PARAM(pet::PipelineChild, pipeline, pet::required, "");
  PET_PARAM(pet::MetricChild, metric, pet::required, "");

  void optimize(const XYData& x, const XYData& y, pet::Trials& trials) {
    double best_score = 0;
    const Object grid = pipeline.grid();
    for (const pet::Field& path : grid) {
      for (const Value& candidate : path.value.as_list()) {
        const Object overrides{{path.key, candidate}};
        pet::OwnedChild trial = pipeline.clone(overrides);
        if (trial.has_fit()) trial.fit(x, y);
        const double score = metric.measure(x, y, trial.predict(x));
        trials.add(overrides, score);
        const bool better = metric.higher_better() ? score > best_score : score < best_score;
        if (best_ && !better) continue;
        best_ = std::move(trial);
        best_score = score;
      }
    }
  }
  XYData predict(const XYData& x) const { return best_.predict(x); }

 private:
  pet::OwnedChild best_;
};
PET_CLASS(Search)

// Keeps what its child predicted, by the content of what it was given.
class Keep : public pet::Filter<Keep> {
 public:
  PET_PARAM(pet::FilterChild, filter, pet::required, "");
  XYData predict(const XYData& x) const {
    const std::string key = host().digest(x);
    if (const auto kept = host().get_blob(key)) {
      XYData y = make<double>({static_cast<std::int64_t>(kept->size() / sizeof(double))});
      kept->copy(y.raw_data(), kept->size());
      return y;
    }
    XYData y = filter.predict(x);
    host().put_blob(
        key, {static_cast<const XYData&>(y).raw_data(), static_cast<std::size_t>(y.size()) * 8});
    return y;
  }
};
PET_CLASS(Keep)

// Makes its own filter from a class, asks the host for all that a class may ask.
class Asks : public pet::Filter<Asks> {
 public:
  PET_PARAM(std::optional<pet::ClassRef>, clazz, pet::null, "");
  PET_PARAM(std::string, what, "", "");
  XYData predict(const XYData& x) const {
    if (what == "cancel") host().throw_if_cancelled();
    if (what == "loop") {
      host().parallel_for(100, [](std::uint64_t i) {
        if (i >= 10) throw pet::Failure::bad_input("row " + std::to_string(i));
      });
    }
    if (what == "threads") return XYData::mock({static_cast<double>(host().concurrency())});
    if (what == "columns") {
      std::vector<XYData> parts;
      parts.push_back(x.view());
      parts.push_back(x.view());
      return concat_columns(parts);
    }
    if (what == "blob") host().put_blob("k", "v");
    if (what == "log") host().warning("careful");
    return clazz ? clazz->instantiate({{"factor", 10}}).predict(x) : x.view();
  }
};
PET_CLASS(Asks)

const XYData kX = XYData::mock({{1.0}, {2.0}, {3.0}});

}  // namespace

TEST_CASE("a filter goes through its C table", "[sdk][testing]") {
  CHECK(make<Times>({{"factor", 3}}).predict(kX).value<double>() == std::vector<double>{3, 6, 9});
  CHECK(thrown_by([] { make<Times>().fit(kX); }).status == PET_NOT_TRAINABLE);
  CHECK(thrown_by([] { make<Times>().measure(kX, kX); }).text == "Times has no pet.metric/1");
}

TEST_CASE("outputs are the host's: made there, or copied there", "[sdk][testing]") {
  FakeHost host;
  {
    auto center = make<Center>({}, host);
    center.fit(kX);
    const XYData made = make<Times>({}, host).predict(kX);     // like()
    const XYData copied = center.predict(kX);                  // clone()
    const XYData passed = make<Asks>({}, host).predict(made);  // a view of the input
    CHECK(host.live_tensors == 3);
    CHECK(copied.value<double>() == std::vector<double>{-1, 0, 1});
    CHECK(passed.value<double>() == made.value<double>());
  }
  CHECK(host.live_tensors == 0);
}

TEST_CASE("inputs are looked at where they lie, whatever their strides", "[sdk][testing]") {
  const XYData table = XYData::mock(std::vector<double>(24), {4, 6});
  const std::int64_t shape[] = {2, 3};
  pet_tensor* slice = pet::detail::new_tensor(pet::dtype_of<double>(), 2, shape, 0);
  slice->array.data = const_cast<char*>(table.raw_data());
  slice->array.byte_offset = 2 * sizeof(double);  // every second row, columns 2 to 4
  slice->array.strides[0] = 12;
  slice->flags |= PET_TENSOR_READ_ONLY;
  const XYData x = XYData::adopt(slice);
  const XYData y = table.rows(1, 3);

  Looks::seen.clear();
  auto chain = make<Chain>({{"filters", Value::List{make<Looks>()}}});
  chain.fit(x, y);
  chain.predict(x);
  chain.predict(y);
  const Looks::Seen of_x{x.raw_data(), {12, 1}, true};
  const Looks::Seen of_y{y.raw_data(), {6, 1}, true};
  // Chain's fit fits and predicts.
  CHECK(Looks::seen == std::vector<Looks::Seen>{of_x, of_y, of_x, of_x, of_y});
}

TEST_CASE("a pipeline works with its children", "[sdk][testing]") {
  auto chain = make<Chain>({{"filters", Value::List{make<Times>(), make<Center>()}},
                            {"metrics", Value::List{make<MeanError>()}}});
  chain.fit(kX, kX);
  const XYData y = chain.predict(kX);
  CHECK(y.value<double>() == std::vector<double>{-2, 0, 2});
  const auto scores = chain.evaluate(kX, kX, y);
  REQUIRE(scores.size() == 1);
  CHECK(scores[0].name == "MeanError");
  CHECK(scores[0].value == Approx(2));
}

TEST_CASE("a child's failure passes on with its status and text", "[sdk][testing]") {
  auto inner = make<Chain>({{"filters", Value::List{make<Center>()}}});
  auto outer = make<Chain>({{"filters", Value::List{make<Times>(), inner}}});
  const Thrown thrown = thrown_by([&] { outer.predict(kX); });
  CHECK(thrown.status == PET_NOT_FITTED);
  CHECK(thrown.text == "fit Center first");
}

TEST_CASE("a parent keeps its children alive, and dies before them", "[sdk][testing]") {
  auto chain = [] {
    auto times = make<Times>({{"factor", 5}});
    return make<Chain>({{"filters", Value::List{times}}});
  }();
  CHECK(chain.predict(XYData::mock({{1.0}})).value<double>() == std::vector<double>{5});
}

TEST_CASE("a value that outlived its instance is noticed", "[sdk][testing]") {
  const Object params{{"filters", Value::List{make<Times>()}}};
  CHECK(thrown_by([&] { make<Chain>(params); }).text ==
        "a value's instance is gone: keep the Instance in a variable");
}

TEST_CASE("a splitter gives folds", "[sdk][testing]") {
  const auto folds = make<LeaveOneOut>().split(kX);
  REQUIRE(folds.size() == 3);
  CHECK(folds[1].train == std::vector<std::int64_t>{0, 2});
  CHECK(folds[1].test == std::vector<std::int64_t>{1});
}

TEST_CASE("an optimizer clones a pipeline with other parameters and predicts as the best",
          "[sdk][testing]") {
  auto times = make<Times>();
  times.set_grid({{"factor", Value::List{1.0, 4.0, 2.0}}});
  auto chain = make<Chain>({{"filters", Value::List{times}}});
  auto search = make<Search>({{"pipeline", chain}, {"metric", make<MeanError>()}});
  const XYData y = XYData::mock({{4.0}, {8.0}, {12.0}});

  const auto trials = search.optimize(kX, y);
  REQUIRE(trials.size() == 3);
  CHECK(trials[1].overrides == Object{{"filters/0/factor", 4.0}});
  CHECK(trials[1].score == Approx(0));
  CHECK(search.predict(kX).value<double>() == std::vector<double>{4, 8, 12});
  CHECK(chain.predict(kX).value<double>() ==
        std::vector<double>{2, 4, 6});  // the original is as it was
}

TEST_CASE("a wrapper keeps results in blobs by their content", "[sdk][testing]") {
  FakeHost host;
  auto keep = make<Keep>({{"filter", make<Times>({}, host)}}, host);
  const XYData x = XYData::mock({1.0, 2.0});
  CHECK(keep.predict(x).value<double>() == std::vector<double>{2, 4});
  REQUIRE(host.blobs.size() == 1);
  host.blobs.begin()->second.replace(0, 8, std::string(8, '\0'));
  CHECK(keep.predict(x.clone()).value<double>() == std::vector<double>{0, 4});
  keep.predict(XYData::mock({1.0, 3.0}));
  CHECK(host.blobs.size() == 2);
}

TEST_CASE("a class parameter makes instances", "[sdk][testing]") {
  const auto asks = make<Asks>({{"clazz", pet::testing::class_of<Times>()}});
  CHECK(asks.predict(kX).value<double>() == std::vector<double>{10, 20, 30});
}

TEST_CASE("columns are joined in the host's memory", "[sdk][testing]") {
  const XYData both = make<Asks>({{"what", "columns"}}).predict(kX);
  CHECK(both.value<double>() == std::vector<double>{1, 1, 2, 2, 3, 3});
}

TEST_CASE("the failure of the lowest index of a loop is the loop's", "[sdk][testing]") {
  for (int run = 0; run < 20; ++run) {
    const Thrown thrown = thrown_by([] { make<Asks>({{"what", "loop"}}).predict(kX); });
    CHECK(thrown.status == PET_BAD_INPUT);
    CHECK(thrown.text == "row 10");
  }
}

TEST_CASE("cancellation is asked for", "[sdk][testing]") {
  FakeHost host;
  const auto asks = make<Asks>({{"what", "cancel"}}, host);
  CHECK_NOTHROW(asks.predict(kX));
  host.cancelled = true;
  CHECK(thrown_by([&] { asks.predict(kX); }).status == PET_CANCELLED);
}

TEST_CASE("log lines arrive with their level", "[sdk][testing]") {
  FakeHost host;
  make<Asks>({{"what", "log"}}, host).predict(kX);
  REQUIRE(host.log.size() == 1);
  CHECK(host.log[0].level == PET_LOG_WARNING);
  CHECK(host.log[0].message == "careful");
}

TEST_CASE("a service that a host lacks is named, or done without", "[sdk][testing]") {
  FakeHost host;
  host.missing = {PET_HOST_BLOBS_1, PET_HOST_LOG_1, PET_HOST_PARALLEL_1, PET_HOST_CANCEL_1};
  const auto asks = [&](const char* what) { return make<Asks>({{"what", what}}, host); };
  CHECK(thrown_by([&] { asks("blob").predict(kX); }).text == "this host has no pet.blobs/1");
  CHECK_NOTHROW(asks("log").predict(kX));
  CHECK_NOTHROW(asks("cancel").predict(kX));
  CHECK(thrown_by([&] { asks("loop").predict(kX); }).text == "row 10");
  CHECK(asks("threads").predict(kX).value<double>() == std::vector<double>{1});
  host.missing = {PET_HOST_MEMORY_1};
  CHECK(thrown_by([&] { asks("").predict(kX); }).text == "this host has no pet.memory/1");
}

TEST_CASE("a child says what it is", "[sdk][testing]") {
  const auto chain = make<Chain>({{"filters", Value::List{make<Times>()}}});
  const pet::Child child(pet::Host(FakeHost::shared().get()), Value(chain).as_instance());
  CHECK(child.class_name() == "Chain");
  CHECK(child.kind() == "pipeline");
  CHECK(child.has(PET_FILTER_FIT));
  CHECK_FALSE(child.has(PET_METRIC_1));
  const Value described = child.describe();
  CHECK(described.as_object().at("clazz").as_text() == "Chain");
  const Value& filter =
      described.as_object().at("params").as_object().at("filters").as_list().at(0);
  CHECK(filter.as_object().at("params").as_object() == Object{{"factor", 2.0}});
  CHECK(thrown_by([&] { child.clone({{"nosuch", 1}}); }).text == "no parameter 'nosuch'");
}
