#include "tests/plugins/built_in.hpp"
#include "tests/plugins/small_classes.hpp"

namespace pet::test {
namespace {

using testing::FakeHost;
using testing::Instance;

// Twice the class Offset as two builds of one host would have it, and once without a version.
namespace first_build {
class Offset : public Filter<Offset> {
 public:
  XYData predict(const XYData& x) const { return XYData::mock<double>({x.at<double>(0) + 1}); }
};
PET_CLASS(Offset, "1")
}  // namespace first_build
namespace second_build {
class Offset : public Filter<Offset> {
 public:
  XYData predict(const XYData& x) const { return XYData::mock<double>({x.at<double>(0) + 2}); }
};
PET_CLASS(Offset, "2")
}  // namespace second_build
namespace unversioned {
class Offset : public Filter<Offset> {
 public:
  PET_PARAM(std::int64_t, plus, 0, "");
  inline static double offset = 1;
  void fit(const XYData&) { learned = 1; }
  XYData predict(const XYData& x) const { return XYData::mock<double>({x.at<double>(0) + offset}); }
  PET_STATE(std::int64_t, learned, "");
};
PET_CLASS(Offset, "")
}  // namespace unversioned

// Its own number is the same for all data; what it answers is its child's.
class Wrap : public Filter<Wrap> {
 public:
  PET_PARAM(FilterChild, inner, required, "");
  PET_PARAM(Value, free, null, "");
  PET_STATE(std::int64_t, rows, "");
  void fit(const XYData& x, const XYData& y) {
    inner.fit(x, y);
    rows = x.rows();
  }
  XYData predict(const XYData& x) const { return inner.predict(x); }
};
PET_CLASS(Wrap, "1")

XYData column() { return XYData::mock<double>({{1.}, {2.}}); }

Instance cached(FakeHost& host, const Object& of_sum = {}, Object params = {}) {
  const Instance sum = testing::make<Sum>(of_sum, host);  // lives until Cached keeps it
  params["filter"] = sum;
  return make("Cached", params, host);
}

std::vector<std::int64_t> fit_and_predict(Instance instance, const XYData& x) {
  instance.fit(x);
  return instance.predict(x).value<std::int64_t>();
}

int count_blobs(const FakeHost& host, const std::string& prefix) {
  int count = 0;
  for (const auto& blob : host.blobs) count += blob.first.compare(0, prefix.size(), prefix) == 0;
  return count;
}

}  // namespace

TEST_CASE("the second fit and the second prediction come from the host's blobs", "[plugins]") {
  FakeHost host;
  Sum::fits = 0;
  const auto first = fit_and_predict(cached(host), column());
  CHECK(first == std::vector<std::int64_t>{3, 3});
  CHECK(fit_and_predict(cached(host), column()) == first);
  CHECK(Sum::fits == 1);
  CHECK(count_blobs(host, "cached-model-") == 1);
  CHECK(count_blobs(host, "cached-data-") == 1);
}

TEST_CASE("whatever changes the answer changes the key", "[plugins]") {
  FakeHost host;
  Sum::fits = 0;
  CHECK(fit_and_predict(cached(host), column()) == std::vector<std::int64_t>{3, 3});
  CHECK(fit_and_predict(cached(host, {{"plus", 5}}), column()) == std::vector<std::int64_t>{8, 8});
  CHECK(fit_and_predict(cached(host), XYData::mock<double>({{4.}, {2.}})) ==
        std::vector<std::int64_t>{6, 6});
  // The same numbers in another type or shape are other data.
  CHECK(fit_and_predict(cached(host), XYData::mock<std::int64_t>({{1}, {2}})) ==
        std::vector<std::int64_t>{3, 3});
  CHECK(Sum::fits == 4);

  // y counts too.
  Instance with_labels = cached(host);
  with_labels.fit(column(), XYData::mock<std::int64_t>({0, 1}));
  CHECK(Sum::fits == 5);
}

TEST_CASE("each of the two caches can be switched off, and overwrite computes anew", "[plugins]") {
  FakeHost host;
  fit_and_predict(cached(host, {}, {{"cache_data", false}, {"cache_filter", false}}), column());
  CHECK(host.blobs.empty());
  fit_and_predict(cached(host, {}, {{"cache_data", false}}), column());
  CHECK(count_blobs(host, "cached-model-") == 1);
  CHECK(count_blobs(host, "cached-data-") == 0);

  Sum::fits = 0;
  fit_and_predict(cached(host, {}, {{"overwrite", true}}), column());
  CHECK(Sum::fits == 1);
}

TEST_CASE("a damaged entry is reported, computed anew and replaced", "[plugins]") {
  FakeHost host;
  const auto expected = fit_and_predict(cached(host), column());
  for (auto& blob : host.blobs) blob.second[blob.second.size() / 2] ^= 1;
  Sum::fits = 0;
  CHECK(fit_and_predict(cached(host), column()) == expected);
  CHECK(Sum::fits == 1);
  REQUIRE(host.log.size() == 2);
  CHECK_THAT(host.log[0].message,
             Catch::Contains("Cached computes cached-model-") && Catch::Contains("damaged"));

  CHECK(fit_and_predict(cached(host), column()) == expected);
  CHECK(Sum::fits == 1);
}

TEST_CASE("a host without blobs keeps nothing and says so", "[plugins]") {
  FakeHost host;
  host.missing = {PET_HOST_BLOBS_1};
  CHECK(fit_and_predict(cached(host), column()) == std::vector<std::int64_t>{3, 3});
  REQUIRE_FALSE(host.log.empty());
  CHECK(host.log[0].message == "Cached keeps nothing: this host has no blob storage");
}

TEST_CASE("a filter that learns but cannot save its state is only passed through", "[plugins]") {
  FakeHost host;
  Stateless::predictions = 0;
  Instance wrapper = make("Cached", {{"filter", testing::make<Stateless>({}, host)}}, host);
  wrapper.fit(column(), XYData::mock<std::int64_t>({7, 8}));
  for (int i = 0; i < 2; ++i)
    CHECK(wrapper.predict(column()).value<std::int64_t>() == std::vector<std::int64_t>{7, 7});
  CHECK(Stateless::predictions == 2);
  CHECK(host.blobs.empty());
}

TEST_CASE("what a wrapper learned is what its child learned", "[plugins]") {
  FakeHost host;
  const auto fit_and_ask = [&](const XYData& y) {
    const Instance knn = make("KnnFilter", {{"n_neighbors", 1}}, host);
    Instance wrapper =
        make("Cached", {{"filter", testing::make<Wrap>({{"inner", knn}}, host)}}, host);
    wrapper.fit(column(), y);
    return wrapper.predict(column()).value<std::int64_t>();
  };
  for (int i = 0; i < 2; ++i) {
    CHECK(fit_and_ask(XYData::mock<std::int64_t>({0, 1})) == std::vector<std::int64_t>{0, 1});
    CHECK(fit_and_ask(XYData::mock<std::int64_t>({1, 0})) == std::vector<std::int64_t>{1, 0});
  }
  CHECK(count_blobs(host, "cached-model-") == 2);
  CHECK(count_blobs(host, "cached-data-") == 2);
}

TEST_CASE("a filter that finds out at save that it cannot is only passed through", "[plugins]") {
  FakeHost host;
  const Instance inner = testing::make<Sum>({}, host);
  const Instance learns = testing::make<Sum>({}, host);
  const Instance forgets = testing::make<Stateless>({}, host);
  struct Unsavable {
    Instance filter;
    std::string why;
  };
  const Unsavable table[] = {
      {testing::make<Wrap>({{"inner", inner}, {"free", learns}}, host),
       "Cached keeps nothing: parameter 'free' holds Sum, whose state PET_STATE does not save"},
      {make("F3Pipeline", {{"filters", Value::List{forgets}}}, host),
       "Cached keeps nothing: Stateless can be fitted, but cannot save its state"}};
  for (const Unsavable& row : table) {
    host.log.clear();
    Instance wrapper = make("Cached", {{"filter", row.filter}}, host);
    wrapper.fit(column(), XYData::mock<std::int64_t>({3, 3}));
    CHECK(wrapper.predict(column()).value<std::int64_t>() == std::vector<std::int64_t>{3, 3});
    REQUIRE(host.log.size() == 2);
    CHECK_THAT(host.log[0].message, Catch::StartsWith(row.why));
    CHECK(host.blobs.empty());
  }
}

TEST_CASE("optimizers over different grids never find each other's results", "[plugins]") {
  FakeHost host;
  const auto best_of = [&](const Object& grid) {
    Instance sum = testing::make<Sum>({}, host);
    sum.set_grid(grid);
    const Instance search = make(
        "GridOptimizer", {{"scorer", testing::make<Distance>({}, host)}, {"pipeline", sum}}, host);
    Instance wrapper = make("Cached", {{"filter", search}}, host);
    wrapper.fit(column(), XYData::mock<std::int64_t>({23, 23}));
    return wrapper.predict(column()).at<std::int64_t>(0);
  };
  for (int i = 0; i < 2; ++i) {
    CHECK(best_of({{"plus", Value::List{10, 30}}}) == 13);
    CHECK(best_of({{"plus", Value::List{10, 20, 30}}}) == 23);
  }
  CHECK(host.log.empty());
}

TEST_CASE("an optimizer over instances is cached by what they are", "[plugins]") {
  FakeHost host;
  Sum::fits = 0;
  const auto best_of = [&](std::int64_t plus) {
    const Instance near = testing::make<Sum>({{"plus", plus}}, host);
    const Instance far = testing::make<Sum>({{"plus", 500}}, host);
    Instance chain = make("F3Pipeline", {{"filters", Value::List{far}}}, host);
    chain.set_grid({{"filters/0", Value::List{far, near}}});
    const Instance search =
        make("GridOptimizer", {{"scorer", testing::make<Distance>({}, host)}, {"pipeline", chain}},
             host);
    Instance wrapper = make("Cached", {{"filter", search}}, host);
    wrapper.fit(column(), XYData::mock<std::int64_t>({0, 0}));
    return wrapper.predict(column()).at<std::int64_t>(0);
  };
  for (int i = 0; i < 2; ++i) {
    CHECK(best_of(4) == 7);
    CHECK(best_of(5) == 8);
  }
  CHECK(Sum::fits == 4);
  CHECK(host.log.empty());
}

TEST_CASE("a filter that learns nothing is cached by its parameters", "[plugins]") {
  FakeHost host;
  const auto predict = [&](double factor) {
    return make("Cached", {{"filter", testing::make<Times>({{"factor", factor}}, host)}}, host)
        .predict(column())
        .value<double>();
  };
  CHECK(predict(2) == std::vector<double>{2, 4});
  CHECK(predict(2) == std::vector<double>{2, 4});
  CHECK(predict(3) == std::vector<double>{3, 6});
  CHECK(host.blobs.size() == 2);
}

TEST_CASE("another version of a compiled-in class never finds the results of the one before",
          "[plugins]") {
  FakeHost host;
  const XYData x = XYData::mock<double>({10.});
  const auto predict = [&](const Instance& filter) {
    return make("Cached", {{"filter", filter}}, host).predict(x).value<double>();
  };
  CHECK(predict(testing::make<first_build::Offset>({}, host)) == std::vector<double>{11});
  CHECK(predict(testing::make<second_build::Offset>({}, host)) == std::vector<double>{12});
  CHECK(count_blobs(host, "cached-data-") == 2);
}

TEST_CASE("a class without hash and version is only passed through, at any depth", "[plugins]") {
  FakeHost host;
  const XYData x = XYData::mock<double>({10.});
  const Instance inner = testing::make<unversioned::Offset>({}, host);
  const Instance nested = make("Cached", {{"filter", inner}, {"cache_data", false}}, host);
  for (const Instance& filter : {inner, nested}) {
    Instance wrapper = make("Cached", {{"filter", filter}}, host);
    wrapper.fit(x);
    for (const double offset : {1., 2.}) {
      unversioned::Offset::offset = offset;
      CHECK(wrapper.predict(x).value<double>() == std::vector<double>{10 + offset});
    }
  }
  CHECK(host.blobs.empty());
}

TEST_CASE("Cached's failures are its filter's, and its state is", "[plugins]") {
  FakeHost host;
  Instance learns_nothing = make("Cached", {{"filter", testing::make<Times>({}, host)}}, host);
  CHECK_THROWS_MATCHES(learns_nothing.fit(column()), Failure,
                       fails(PET_NOT_TRAINABLE, {"Times learns nothing"}));
  CHECK_THROWS_MATCHES(cached(host).predict(column()), Failure,
                       fails(PET_NOT_FITTED, {"Sum was not fitted"}));
  CHECK(count_blobs(host, "cached-data-") == 0);
  CHECK_THROWS_MATCHES(
      cached(host, {}, {{"storage", "s3://elsewhere"}}), Failure,
      fails(PET_UNSUPPORTED, {"storage: expected null (the host's blobs), got text"}));

  Instance trained = cached(host);
  trained.fit(column());
  Instance other = cached(host);
  other.load(trained.save());
  CHECK(other.predict(column()).value<std::int64_t>() == std::vector<std::int64_t>{3, 3});
}

}  // namespace pet::test
