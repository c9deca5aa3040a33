// CrossValidation: what a splitter with a pipeline in it measured, fold by fold.
//
// run() makes a new pipeline for every fold, fits it on the rows that train, and lets it evaluate
// what it predicts for those that test. Then the splitter's own pipeline is fitted on all rows, so
// that the splitter predicts as the pipeline does.
//
// Threads: const methods from any thread.
// Throws:  pet::Failure: PET_BAD_PARAMS without a pipeline or with a filter that measures nothing;
//          PET_FAILED when the folds are not measured by the same metrics; what happens in a fold has
//          the fold's place in front.
#pragma once

#include <cstdint>
#include <optional>
#include <pet/child.hpp>
#include <pet/state.hpp>
#include <string>
#include <vector>

#include "plugins/splitters/folds.hpp"

namespace pet::plugins {

// Fails unless there is one.
void require_pipeline(const std::optional<FilterChild>& pipeline);

class CrossValidation {
 public:
  void run(const Host& host, std::optional<FilterChild>& pipeline, const TestFolds& test_folds,
           std::int64_t n_splits, const XYData& x, const XYData& y);

  // What the pipeline measures of y_pred, then for each metric F1 of the folds F1_mean, F1_std (of
  // the folds as a whole population, as numpy's) and F1_scores/0, F1_scores/1…
  void evaluate(const std::optional<FilterChild>& pipeline, const XYData& x, const XYData& y_true,
                const XYData& y_pred, Scores& scores) const;

  // With the pipeline's own state.
  void save(StateWriter& state, const std::optional<FilterChild>& pipeline) const;
  void load(StateReader& state, std::optional<FilterChild>& pipeline, std::int64_t n_splits);

 private:
  struct Measured {
    std::string metric;
    std::vector<double> values;  // of the folds, in their order
  };

  static void add_fold(const std::vector<Score>& scores, std::vector<Measured>& measured);

  bool has_run_ = false;
  std::vector<Measured> measured_;
};

}  // namespace pet::plugins
