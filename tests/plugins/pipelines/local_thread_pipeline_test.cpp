#include <algorithm>
#include <atomic>
#include <random>

#include "tests/barrier.hpp"
#include "tests/plugins/built_in.hpp"
#include "tests/plugins/small_classes.hpp"

namespace pet::test {
namespace {

using testing::FakeHost;
using testing::Instance;

XYData rows() { return XYData::mock<double>({{1., 2.}, {3., 4.}}); }

Instance threaded(const std::vector<Instance>& filters, std::int64_t num_threads = 4,
                  FakeHost& host = FakeHost::shared()) {
  return make(
      "LocalThreadPipeline",
      {{"filters", Value::List(filters.begin(), filters.end())}, {"num_threads", num_threads}},
      host);
}

// Counts how many of its kind are fitted or asked at the same time.
class Crowd : public Filter<Crowd> {
 public:
  inline static std::atomic<int> inside{0};
  inline static std::atomic<int> most{0};
  inline static std::atomic<int> calls{0};
  inline static Barrier* barrier = nullptr;  // where each of them waits for the others

  void fit(const XYData&) { enter_and_leave(); }
  XYData predict(const XYData& x) const {
    enter_and_leave();
    return x.clone();
  }

 private:
  static void enter_and_leave() {
    const int now = ++inside;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    ++calls;
    if (barrier != nullptr) barrier->arrive_and_wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    --inside;
  }
};
PET_CLASS(Crowd)

// Fails after a while, or at once, saying its name.
class Fails : public Filter<Fails> {
 public:
  PET_PARAM(std::string, name, required, "");
  PET_PARAM(std::int64_t, after, 0, "milliseconds");

  void fit(const XYData&) { fail(); }
  XYData predict(const XYData&) const {
    fail();
    return {};
  }

 private:
  void fail() const {
    std::this_thread::sleep_for(std::chrono::milliseconds(after));
    throw Failure::bad_input(name + " does not like it");
  }
};
PET_CLASS(Fails)

XYData random_matrix(std::int64_t n, std::int64_t m, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> number(-1, 1);
  std::vector<double> values(static_cast<std::size_t>(n * m));
  for (double& value : values) value = number(random);
  return XYData::mock(values, {n, m});
}

}  // namespace

TEST_CASE("on threads, the answer is MonoPipeline's to the last bit", "[plugins]") {
  const XYData x = random_matrix(90, 5, 1);
  std::vector<std::int64_t> labels(90);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int64_t>(i % 3);
  const XYData y = XYData::mock(labels);
  FakeHost host;
  host.threads = 4;
  const auto filters = [&] {
    return std::vector<Instance>{make("StandardScalerPlugin", {}, host),
                                 make("PCAPlugin", {{"n_components", 2}}, host),
                                 testing::make<Times>({{"factor", -1.0}}, host),
                                 make("KnnFilter", {}, host), testing::make<Sum>({}, host)};
  };
  const std::vector<Instance> kept = filters();
  Instance mono = make("MonoPipeline", {{"filters", Value::List(kept.begin(), kept.end())}}, host);
  mono.fit(x, y);
  const XYData expected = mono.predict(x);

  for (const std::int64_t num_threads : {1, 2, 3, 100}) {
    INFO(num_threads << " threads");
    Instance pipeline = threaded(filters(), num_threads, host);
    pipeline.fit(x, y);
    const XYData actual = pipeline.predict(x);
    CHECK(actual.shape() == Shape{90, 14});
    CHECK(dtype_name(actual.dtype()) == dtype_name(expected.dtype()));
    CHECK(actual.value<double>() == expected.value<double>());
  }
}

TEST_CASE("on threads, outputs of one type keep it and integers make int64", "[plugins]") {
  const auto type_of = [](const std::vector<Instance>& filters, const XYData& x) {
    Instance pipeline = threaded(filters);
    pipeline.fit(x);
    return dtype_name(pipeline.predict(x).dtype());
  };
  const Instance same = make("F3Pipeline", {{"filters", Value::List{}}});
  const Instance also_same = make("F3Pipeline", {{"filters", Value::List{}}});
  const Instance sum = testing::make<Sum>();
  CHECK(type_of({same, also_same}, XYData::mock<bool>({{true}, {false}})) == "bool");
  CHECK(type_of({same, sum}, XYData::mock<std::int32_t>({{1}, {2}})) == "int64");
  CHECK(type_of({same, sum}, XYData::mock<float>({{1.F}, {2.F}})) == "float64");
}

TEST_CASE("num_threads is how many filters work at once, at most", "[plugins]") {
  FakeHost host;
  host.threads = 8;
  const auto crowd = [&] {
    std::vector<Instance> filters;
    for (int i = 0; i < 9; ++i) filters.push_back(testing::make<Crowd>({}, host));
    return filters;
  };
  for (const int num_threads : {1, 2, 3}) {
    INFO(num_threads << " threads");
    Instance pipeline = threaded(crowd(), num_threads, host);
    Crowd::most = 0;
    Crowd::calls = 0;
    pipeline.fit(rows());
    CHECK(Crowd::most <= num_threads);
    CHECK(Crowd::calls == 9);
    Crowd::most = 0;
    pipeline.predict(rows());
    CHECK(Crowd::most <= num_threads);
    CHECK(Crowd::calls == 18);
  }
}

TEST_CASE("that many filters do work at once, when the host has the threads", "[plugins]") {
  FakeHost host;
  host.threads = 3;
  const std::vector<Instance> filters{testing::make<Crowd>({}, host),
                                      testing::make<Crowd>({}, host),
                                      testing::make<Crowd>({}, host)};
  Instance pipeline = threaded(filters, 3, host);
  for (const bool fits : {true, false}) {
    Barrier barrier(3);
    Crowd::barrier = &barrier;
    fits ? pipeline.fit(rows()) : static_cast<void>(pipeline.predict(rows()));
    Crowd::barrier = nullptr;
    CHECK(barrier.met());
  }
}

TEST_CASE("of the filters that fail, the first one is reported, with its place", "[plugins]") {
  FakeHost host;
  host.threads = 3;
  const Instance slow = testing::make<Fails>({{"name", "slow"}, {"after", 20}}, host);
  const Instance quick = testing::make<Fails>({{"name", "quick"}}, host);
  Instance pipeline = threaded({testing::make<Times>({}, host), slow, quick}, 3, host);
  const auto first = fails(PET_BAD_INPUT, {"filters/1: slow does not like it"});
  CHECK_THROWS_MATCHES(pipeline.fit(rows()), Failure, first);
  CHECK_THROWS_MATCHES(pipeline.predict(rows()), Failure, first);

  const Instance unfitted = threaded({testing::make<Times>({}, host), make("KnnFilter", {}, host)});
  CHECK_THROWS_MATCHES(unfitted.predict(rows()), Failure,
                       fails(PET_NOT_FITTED, {"filters/1: predict before fit"}));
}

TEST_CASE("once a filter has failed, no further one is begun", "[plugins]") {
  const Instance failing = testing::make<Fails>({{"name", "it"}});
  const Instance crowd = testing::make<Crowd>();
  Instance pipeline = threaded({failing, crowd}, 1);
  Crowd::calls = 0;
  CHECK_THROWS_AS(pipeline.fit(rows()), Failure);
  CHECK(Crowd::calls == 0);
}

TEST_CASE("LocalThreadPipeline refuses what cannot work side by side", "[plugins]") {
  CHECK_THROWS_MATCHES(threaded({}), Failure,
                       fails(PET_BAD_PARAMS, {"filters: expected at least one, got none"}));
  CHECK_THROWS_MATCHES(threaded({testing::make<Times>()}, 0), Failure,
                       fails(PET_BAD_PARAMS, {"num_threads: expected at least 1, got 0"}));
  const Instance twice = testing::make<Sum>();
  CHECK_THROWS_MATCHES(
      threaded({twice, testing::make<Sum>(), twice}), Failure,
      fails(PET_BAD_PARAMS, {"filters/2: expected an instance of its own, since each is fitted on "
                             "a thread of its own, got the one at filters/0"}));
  CHECK_THROWS_MATCHES(threaded({testing::make<Times>(), make("F1")}), Failure,
                       fails(PET_BAD_PARAMS, {"'filters', element 1", "a filter", "F1"}));
  CHECK_THROWS_MATCHES(
      threaded({testing::make<Times>(), testing::make<DropsARow>()}).predict(rows()), Failure,
      fails(PET_BAD_INPUT, {"filters/1: expected 2 rows", "got float64 [1, 2] from DropsARow"}));
  CHECK_THROWS_MATCHES(
      threaded({testing::make<Times>()}).predict(XYData::empty(dtype_of<double>(), {2, 2, 2})),
      Failure, fails(PET_BAD_INPUT, {"1 or 2 dimensions", "float64 [2, 2, 2] from Times"}));
}

TEST_CASE("bad data are refused by the filters, and the place is named", "[plugins]") {
  Instance pipeline = threaded({testing::make<Times>(), make("KnnFilter", {{"n_neighbors", 1}})});
  const XYData y = XYData::mock<std::int64_t>({0, 1});
  CHECK_THROWS_MATCHES(
      pipeline.fit(XYData::empty(dtype_of<double>(), {0, 2}), XYData::mock<std::int64_t>({})),
      Failure, fails(PET_BAD_INPUT, {"filters/1: x: expected at least 1 row", "float64 [0, 2]"}));
  CHECK_THROWS_MATCHES(pipeline.fit(random_matrix(3, 2, 1), y), Failure,
                       fails(PET_BAD_INPUT, {"filters/1: x has 3 rows, but y has 2"}));
}

TEST_CASE("it evaluates nothing, and its state is that of all its filters", "[plugins]") {
  Instance trained =
      threaded({testing::make<Times>(), testing::make<Sum>(), testing::make<Sum>({{"plus", 5}})});
  trained.fit(rows());
  CHECK(trained.evaluate(rows(), rows(), rows()).empty());
  Instance other =
      threaded({testing::make<Times>(), testing::make<Sum>(), testing::make<Sum>({{"plus", 5}})});
  other.load(trained.save());
  CHECK(other.predict(rows()).value<double>() == std::vector<double>{2, 4, 10, 15, 6, 8, 10, 15});

  const Instance unsaved = threaded({testing::make<Stateless>()});
  CHECK_THROWS_MATCHES(unsaved.save(), Failure,
                       fails(PET_UNSUPPORTED, {"Stateless can be fitted, but cannot save"}));
}

TEST_CASE("on threads, no tensors are left behind", "[plugins]") {
  FakeHost host;
  {
    Instance pipeline =
        threaded({testing::make<Times>({}, host), testing::make<Sum>({}, host)}, 2, host);
    pipeline.fit(rows());
    pipeline.predict(rows());
  }
  CHECK(host.live_tensors == 0);
}

}  // namespace pet::test
