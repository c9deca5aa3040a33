#include "tests/plugins/splitters/test_folds.hpp"

namespace pet::test {
namespace {

using testing::Instance;

XYData rows(std::int64_t count) { return XYData::empty(dtype_of<double>(), {count, 1}); }

}  // namespace

TEST_CASE("KFoldSplitter's folds are scikit-learn's, of every size, order and seed", "[plugins]") {
  CHECK(check_oracles("KFoldSplitter") == 32);
}

TEST_CASE("KFoldSplitter needs no labels, and looks at rows only", "[plugins]") {
  const Instance folds = splitter("KFoldSplitter", 2);
  CHECK(test_folds_of(folds.split(rows(5)), 5) == std::vector<std::int64_t>{0, 0, 0, 1, 1});
  const XYData cube = XYData::empty(dtype_of<std::uint8_t>(), {5, 2, 2});
  CHECK(test_folds_of(folds.split(cube), 5) == std::vector<std::int64_t>{0, 0, 0, 1, 1});
}

TEST_CASE("without a seed, every call shuffles anew", "[plugins]") {
  const Instance folds =
      make("KFoldSplitter", {{"n_splits", 2}, {"shuffle", true}, {"random_state", null}});
  const std::vector<std::int64_t> first = test_folds_of(folds.split(rows(200)), 200);
  const std::vector<std::int64_t> second = test_folds_of(folds.split(rows(200)), 200);
  CHECK(first != second);
}

TEST_CASE("KFoldSplitter refuses folds that cannot be", "[plugins]") {
  const Instance metric = make("F1");
  const struct {
    Object params;
    std::string says;
  } cases[] = {
      {{{"n_splits", 1}}, "n_splits: expected at least 2, got 1"},
      {{{"n_splits", -3}}, "n_splits: expected at least 2, got -3"},
      {{{"shuffle", false}}, "random_state: expected null, since shuffle is false, got 42"},
      {{{"random_state", -1}}, "random_state: expected null or 0 to 4294967295, got -1"},
      {{{"random_state", 4294967296}},
       "random_state: expected null or 0 to 4294967295, got 4294967296"},
      {{{"pipeline", metric}}, "'pipeline': expected a filter"},
  };
  for (const auto& c : cases) {
    for (const char* name : {"KFoldSplitter", "StratifiedKFoldSplitter"}) {
      INFO(name << " " << c.says);
      CHECK_THROWS_MATCHES(make(name, c.params), Failure, fails(PET_BAD_PARAMS, {c.says}));
    }
  }
}

TEST_CASE("KFoldSplitter refuses rows that do not fill the folds, or do not match", "[plugins]") {
  const Instance folds = splitter("KFoldSplitter", 5, 42);
  const auto few = [](const std::string& got) {
    return fails(PET_BAD_INPUT, {"x: expected at least 5 rows, one for each fold, got " + got});
  };
  CHECK_THROWS_MATCHES(folds.split(rows(4)), Failure, few("float64 [4, 1]"));
  CHECK_THROWS_MATCHES(folds.split(rows(0)), Failure, few("float64 [0, 1]"));
  CHECK_THROWS_MATCHES(folds.split(XYData::empty(dtype_of<double>(), {})), Failure,
                       few("float64 []"));
  CHECK_THROWS_MATCHES(folds.split(rows(6), rows(5)), Failure,
                       fails(PET_BAD_INPUT, {"x has 6 rows, but y has 5"}));
}

TEST_CASE("more rows than a shuffle can count are refused before anything is made", "[plugins]") {
  std::int64_t shape[] = {std::int64_t{1} << 33};
  std::int64_t strides[] = {0};
  double number = 0;
  pet_tensor endless{};
  endless.version = {1, 0};
  endless.array.data = &number;
  endless.array.device = {PET_DEVICE_CPU, 0};
  endless.array.ndim = 1;
  endless.array.dtype = dtype_of<double>();
  endless.array.shape = shape;
  endless.array.strides = strides;
  CHECK_THROWS_MATCHES(splitter("KFoldSplitter", 2, 1).split(XYData::borrow(&endless)), Failure,
                       fails(PET_BAD_INPUT, {"x: expected at most 4294967295 rows, got float64 "
                                             "[8589934592]"}));
}

}  // namespace pet::test
