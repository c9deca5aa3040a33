// FoldSplitter: what a splitter does with the folds that its class has thought of.
//
//   class MySplitter : public FoldSplitter<MySplitter> {
//    public:
//     … the parameters n_splits, shuffle, random_state and pipeline, as KFoldSplitter has them
//     TestFolds test_folds_of(const XYData& x, const XYData& y) const { … }
//   };
#pragma once

#include <cstdint>
#include <pet/splitter.hpp>

#include "plugins/splitters/cross_validation.hpp"
#include "plugins/splitters/folds.hpp"

namespace pet::plugins {

template <class T>
class FoldSplitter : public Splitter<T> {
 public:
  void validate() const { options().validate(); }

  void split(const XYData& x, const XYData& y, Folds& folds) const {
    const TestFolds test_folds = self().test_folds_of(x, y);
    for (std::int64_t number = 0; number < self().n_splits; ++number) {
      const Fold fold = fold_of(test_folds, number);
      folds.add(fold.train, fold.test);
    }
  }

  void fit(const XYData& x, const XYData& y) {
    validation_.run(this->host(), self().pipeline, self().test_folds_of(x, y), self().n_splits, x,
                    y);
  }

  XYData predict(const XYData& x) const {
    require_pipeline(self().pipeline);
    return self().pipeline->predict(x);
  }

  void evaluate(const XYData& x, const XYData& y_true, const XYData& y_pred, Scores& scores) const {
    validation_.evaluate(self().pipeline, x, y_true, y_pred, scores);
  }

  void save(StateWriter& state) const { validation_.save(state, self().pipeline); }
  void load(StateReader& state) { validation_.load(state, self().pipeline, self().n_splits); }

 protected:
  FoldOptions options() const { return {self().n_splits, self().shuffle, self().random_state}; }

 private:
  T& self() { return static_cast<T&>(*this); }
  const T& self() const { return static_cast<const T&>(*this); }

  CrossValidation validation_;
};

}  // namespace pet::plugins
