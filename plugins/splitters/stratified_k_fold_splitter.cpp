// StratifiedKFoldSplitter: divides rows into folds in which the classes are as frequent as in all
//                          the data; each fold is tested once by what the others trained.
//
// Shapes:     split x [n, …], y [n] or [n, 1] -> n_splits pairs of row numbers, ascending. Labels are
//             integers, bool or whole floating-point numbers. predict: as its pipeline's.
// Parameters: as KFoldSplitter's; shuffle: which rows of a class test which fold is shuffled,
//             otherwise the rows of a class that test a fold stand together among its rows.
// Formula:    scikit-learn 1.2's StratifiedKFold. With the labels sorted by class, classes in the
//             order in which they first appear, the label at place p belongs to fold p % n_splits:
//             so many rows of its class are tested by that fold. Those numbers, ascending and then
//             shuffled, are given to the rows of the class in their order. The same seed gives the
//             same folds (splitters/folds.hpp).
// Behaviour:  as KFoldSplitter's. A class with fewer rows than there are folds is reported to the
//             host's log: some folds do not test it.
// Errors:     as KFoldSplitter's; bad_input too without y, for labels that are no classes, and when
//             every class has fewer rows than there are folds.
// State:      the pipeline's, and what was measured. It fits a splitter with as many folds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugins/labels.hpp"
#include "plugins/splitters/fold_splitter.hpp"

namespace pet::plugins {
namespace {

struct RowsOfClass {
  std::int64_t label = 0;
  std::vector<std::size_t> rows;  // ascending
};

// In the order in which the classes first appear.
std::vector<RowsOfClass> rows_by_class(const std::vector<std::int64_t>& labels) {
  const std::vector<std::int64_t> distinct = distinct_labels(labels);
  std::vector<RowsOfClass> classes(distinct.size());
  for (std::size_t row = 0; row < labels.size(); ++row) {
    RowsOfClass& of = classes[place_of(labels[row], distinct)];
    of.label = labels[row];
    of.rows.push_back(row);
  }
  std::sort(classes.begin(), classes.end(), [](const RowsOfClass& a, const RowsOfClass& b) {
    return a.rows.front() < b.rows.front();
  });
  return classes;
}

}  // namespace

class StratifiedKFoldSplitter : public FoldSplitter<StratifiedKFoldSplitter> {
 public:
  PET_DOC("Divides rows into folds with the same share of each class, and cross-validates.");
  PET_PARAM(std::int64_t, n_splits, 5, "how many folds");
  PET_PARAM(bool, shuffle, true, "shuffle which rows of a class test which fold");
  PET_PARAM(std::optional<std::int64_t>, random_state, 42,
            "the seed; null: other folds each time; must be null without shuffle");
  PET_PARAM(std::optional<FilterChild>, pipeline, null, "what fit cross-validates; it has metrics");

  TestFolds test_folds_of(const XYData& x, const XYData& y) const {
    if (!y) throw Failure::bad_input("y: expected one class label per row, got nothing");
    options().require_rows(x, y);
    const std::vector<RowsOfClass> classes = rows_by_class(read_labels(y, "y"));
    require_members(classes);

    TestFolds test_folds(static_cast<std::size_t>(x.rows()));
    std::optional<Shuffler> shuffler;
    if (shuffle) shuffler.emplace(random_state);
    std::int64_t place = 0;  // among the labels sorted by class
    for (const RowsOfClass& of : classes) {
      std::vector<std::int64_t> numbers;
      for (std::size_t i = 0; i < of.rows.size(); ++i) numbers.push_back(place++ % n_splits);
      std::sort(numbers.begin(), numbers.end());
      if (shuffler) shuffler->shuffle(numbers.data(), numbers.data() + numbers.size());
      for (std::size_t i = 0; i < of.rows.size(); ++i) test_folds[of.rows[i]] = numbers[i];
    }
    return test_folds;
  }

 private:
  void require_members(const std::vector<RowsOfClass>& classes) const {
    const auto [smallest, largest] = std::minmax_element(
        classes.begin(), classes.end(),
        [](const RowsOfClass& a, const RowsOfClass& b) { return a.rows.size() < b.rows.size(); });
    const auto folds = static_cast<std::size_t>(n_splits);
    if (largest->rows.size() < folds) {
      throw Failure::bad_input("y: expected a class with at least " + std::to_string(n_splits) +
                               " rows, one for each fold, the largest has " +
                               std::to_string(largest->rows.size()));
    }
    if (smallest->rows.size() < folds) {
      host().warning("StratifiedKFoldSplitter: class " + std::to_string(smallest->label) +
                     " has only " + std::to_string(smallest->rows.size()) + " rows for " +
                     std::to_string(n_splits) + " folds, so that some folds do not test it");
    }
  }
};

PET_PLUGIN(StratifiedKFoldSplitter, "1")

}  // namespace pet::plugins
