#include "tests/plugins/splitters/test_folds.hpp"

namespace pet::test {
namespace {

using testing::Instance;

XYData rows(std::int64_t count) { return XYData::empty(dtype_of<double>(), {count, 1}); }

}  // namespace

TEST_CASE("StratifiedKFoldSplitter's folds are scikit-learn's", "[plugins]") {
  CHECK(check_oracles("StratifiedKFoldSplitter") == 84);
}

TEST_CASE("labels of any type, as [n] or [n, 1], give the same folds", "[plugins]") {
  const Instance folds = splitter("StratifiedKFoldSplitter", 3, 5);
  const std::vector<double> labels{2, 2, 0, 0, 2, 0, 2, 0, 0, 2, 0};
  const auto of = [&](const XYData& y) { return test_folds_of(folds.split(rows(11), y), 11); };
  const XYData floats = XYData::mock(labels);
  const std::vector<std::int64_t> expected = of(floats);
  CHECK(of(XYData::mock(labels, {11, 1})) == expected);
  CHECK(of(XYData::mock(floats.converted<std::uint8_t>())) == expected);
  CHECK(of(XYData::mock(floats.converted<bool>())) == expected);
}

TEST_CASE("without a seed, every call stratifies anew", "[plugins]") {
  const Instance folds = make("StratifiedKFoldSplitter", {{"n_splits", 2}, {"random_state", null}});
  std::vector<std::int64_t> labels(200);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int64_t>(i % 2);
  const XYData y = XYData::mock(labels);
  CHECK(test_folds_of(folds.split(rows(200), y), 200) !=
        test_folds_of(folds.split(rows(200), y), 200));
}

TEST_CASE("a class with fewer rows than folds is reported, as scikit-learn warns", "[plugins]") {
  testing::FakeHost host;
  const Instance folds = make("StratifiedKFoldSplitter", {{"n_splits", 3}}, host);
  CHECK(folds.split(rows(5), XYData::mock<std::int64_t>({7, 4, 7, 7, 4})).size() == 3);
  REQUIRE(host.log.size() == 1);
  CHECK(host.log[0].level == PET_LOG_WARNING);
  CHECK(host.log[0].message ==
        "StratifiedKFoldSplitter: class 4 has only 2 rows for 3 folds, so that some folds do not "
        "test it");
  folds.split(rows(6), XYData::mock<std::int64_t>({7, 4, 7, 7, 4, 4}));
  CHECK(host.log.size() == 1);
}

TEST_CASE("StratifiedKFoldSplitter refuses labels that it cannot stratify by", "[plugins]") {
  const struct {
    XYData x;
    XYData y;
    std::string says;
  } cases[] = {
      {rows(6), XYData(), "y: expected one class label per row, got nothing"},
      {rows(2), XYData::mock<std::int64_t>({1, 1}),
       "x: expected at least 3 rows, one for each fold, got float64 [2, 1]"},
      {rows(0), XYData::empty(dtype_of<double>(), {0}), "x: expected at least 3 rows"},
      {rows(4), XYData::mock<std::int64_t>({1, 1, 1}), "x has 4 rows, but y has 3"},
      {rows(4), XYData::mock<double>({1., 1., 1.5, 1.}), "y: row 2 is 1.5"},
      {rows(4), XYData::empty(dtype_of<double>(), {4, 2}), "y: expected one class label per row"},
      {rows(4), XYData::mock<std::int64_t>({1, 1, 0, 0}),
       "y: expected a class with at least 3 rows, one for each fold, the largest has 2"},
  };
  for (const auto& c : cases) {
    INFO(c.says);
    CHECK_THROWS_MATCHES(splitter("StratifiedKFoldSplitter", 3, 42).split(c.x, c.y), Failure,
                         fails(PET_BAD_INPUT, {c.says}));
  }
}

}  // namespace pet::test
