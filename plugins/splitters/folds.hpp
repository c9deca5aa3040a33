// What the splitters share: the checks on how folds are asked for, the order in which rows are
// shuffled, and folds as lists of rows.
//
// The shuffle is numpy's: the same seed gives the same folds as scikit-learn's on any machine.
//
// Threads: any. Throws: pet::Failure.
#pragma once

#include <cstdint>
#include <optional>
#include <pet/child.hpp>
#include <vector>

#include "plugins/numpy_random.hpp"

namespace pet::plugins {

// How the rows are divided: the parameters of a splitter.
struct FoldOptions {
  std::int64_t n_splits;
  bool shuffle;
  std::optional<std::int64_t> random_state;

  // PET_BAD_PARAMS for what scikit-learn refuses too.
  void validate() const;

  // PET_BAD_INPUT unless there is a row for every fold, and y, if there is one, has as many.
  void require_rows(const XYData& x, const XYData& y) const;
};

class Shuffler {
 public:
  // Without a seed, every Shuffler has another order.
  explicit Shuffler(std::optional<std::int64_t> seed);

  // REQUIRES: at most 2^32 elements.
  void shuffle(std::int64_t* begin, std::int64_t* end) { random_.shuffle(begin, end); }

 private:
  NumpyRandom random_;
};

// The number of the fold, from 0, that each row tests.
using TestFolds = std::vector<std::int64_t>;

// All rows, ascending, by whether they test this fold or train it.
Fold fold_of(const TestFolds& test_folds, std::int64_t number);

}  // namespace pet::plugins
