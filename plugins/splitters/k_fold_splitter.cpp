// KFoldSplitter: divides rows into folds; each is tested once by what the others trained.
//
// Shapes:     split x [n, …] -> n_splits pairs of row numbers, ascending: n - n / n_splits or one
//             less to train, the others to test. predict: as its pipeline's.
// Parameters: n_splits, at least 2; shuffle: the rows are shuffled before they are divided,
//             otherwise a fold is rows that stand together; random_state: 0 to 4294967295, the seed,
//             or null, and then every call gives other folds; it must be null, given as such, when
//             nothing is shuffled. pipeline is what fit cross-validates; split needs none.
// Formula:    scikit-learn 1.2's KFold: the first n % n_splits folds test n / n_splits + 1 rows, the
//             others n / n_splits. The same seed gives the same folds (splitters/folds.hpp).
// Behaviour:  fit fits a new pipeline for each fold, measures what it predicts for the rows that it
//             did not see, and then fits the pipeline itself on all rows; predict is the pipeline's.
//             evaluate gives the pipeline's metrics of what it is given and, of each metric F1,
//             F1_mean, F1_std and F1_scores/0… over the folds of the last fit, which in the original
//             fit returns. y may be nothing.
// Errors:     bad_params for parameters outside these, and for fit and predict without a pipeline
//             or, for fit, with a filter that measures nothing; bad_input for fewer rows than folds
//             and different numbers of rows in x and y; not_fitted for evaluate before fit; those
//             of the pipeline pass on, with the fold's place in front.
// State:      the pipeline's, and what was measured. It fits a splitter with as many folds.
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include "plugins/splitters/fold_splitter.hpp"

namespace pet::plugins {

class KFoldSplitter : public FoldSplitter<KFoldSplitter> {
 public:
  PET_DOC("Divides rows into folds, and cross-validates a pipeline over them.");
  PET_PARAM(std::int64_t, n_splits, 5, "how many folds");
  PET_PARAM(bool, shuffle, true, "shuffle the rows before they are divided");
  PET_PARAM(std::optional<std::int64_t>, random_state, 42,
            "the seed; null: other folds each time; must be null without shuffle");
  PET_PARAM(std::optional<FilterChild>, pipeline, null, "what fit cross-validates; it has metrics");

  TestFolds test_folds_of(const XYData& x, const XYData& y) const {
    options().require_rows(x, y);
    std::vector<std::int64_t> rows(static_cast<std::size_t>(x.rows()));
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    if (shuffle) Shuffler(random_state).shuffle(rows.data(), rows.data() + rows.size());

    TestFolds test_folds(rows.size());
    auto row = rows.begin();
    for (std::int64_t number = 0; number < n_splits; ++number) {
      std::int64_t size = x.rows() / n_splits + (number < x.rows() % n_splits ? 1 : 0);
      for (; size > 0; --size) test_folds[static_cast<std::size_t>(*row++)] = number;
    }
    return test_folds;
  }
};

PET_PLUGIN(KFoldSplitter, "1")

}  // namespace pet::plugins
