// The folds of a splitter, checked and reduced to what tells them apart.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tests/plugins/built_in.hpp"
#include "tests/plugins/oracle_file.hpp"

namespace pet::test {

// The number of the fold that each row tests. Every row tests one fold and trains all others; the
// rows of a fold are in their order.
inline std::vector<std::int64_t> test_folds_of(const std::vector<Fold>& folds, std::size_t rows) {
  std::vector<std::int64_t> test_folds(rows, -1);
  for (std::size_t number = 0; number < folds.size(); ++number) {
    const Fold& fold = folds[number];
    CHECK(std::is_sorted(fold.train.begin(), fold.train.end()));
    CHECK(std::is_sorted(fold.test.begin(), fold.test.end()));
    std::vector<std::int64_t> all(fold.train.size() + fold.test.size());
    std::merge(fold.train.begin(), fold.train.end(), fold.test.begin(), fold.test.end(),
               all.begin());
    REQUIRE(all.size() == rows);
    for (std::size_t row = 0; row < rows; ++row) CHECK(all[row] == static_cast<std::int64_t>(row));
    for (const std::int64_t row : fold.test) {
      CHECK(test_folds[static_cast<std::size_t>(row)] == -1);
      test_folds[static_cast<std::size_t>(row)] = static_cast<std::int64_t>(number);
    }
  }
  CHECK(std::find(test_folds.begin(), test_folds.end(), -1) == test_folds.end());
  return test_folds;
}

inline testing::Instance splitter(const std::string& name, std::int64_t n_splits,
                                  const Value& random_state = null) {
  return make(name, {{"n_splits", n_splits},
                     {"shuffle", random_state.type() != PET_TYPE_NULL},
                     {"random_state", random_state}});
}

// Compares the folds of all cases of splitters.txt that are of this class; gives how many they were.
inline int check_oracles(const std::string& name) {
  int checked = 0;
  for (const OracleCase& c : read_oracles("splitters.txt")) {
    if (c.texts.at("class") != name) continue;
    INFO(c.name);
    const auto seed = c.numbers.find("random_state");
    const Value random_state =
        seed == c.numbers.end() ? Value(null) : Value(static_cast<std::int64_t>(seed->second));
    const auto n_splits = static_cast<std::int64_t>(c.numbers.at("n_splits"));
    const XYData y = c.matrices.at("y").labels();
    const XYData x = XYData::empty(dtype_of<float>(), {y.rows(), 2});
    const std::vector<Fold> folds = splitter(name, n_splits, random_state).split(x, y);
    CHECK(folds.size() == static_cast<std::size_t>(n_splits));
    const XYData expected = c.matrices.at("test_folds").labels();
    CHECK(test_folds_of(folds, static_cast<std::size_t>(y.rows())) ==
          expected.value<std::int64_t>());
    ++checked;
  }
  return checked;
}

}  // namespace pet::test
