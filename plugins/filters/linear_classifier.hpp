// What the logistic regressions learn, and how it answers: one score for each class, the highest
// wins.
//
// Two classes have one score: class 1 where it is above 0. Among equal scores the smaller label wins.
// Both are scikit-learn's rules.
//
// Threads: predict() from any thread. Throws: pet::Failure, as each function says.
#pragma once

#include <cstdint>
#include <pet/host.hpp>
#include <pet/state.hpp>
#include <pet/xydata.hpp>
#include <vector>

#include "plugins/labels.hpp"

namespace pet::plugins {

// The score of row x for score k: weights[k] . x + offsets[k].
struct LinearScores {
  std::int64_t columns = 0;
  std::vector<double> weights;  // [scores, columns]
  std::vector<double> offsets;  // [scores]
};

// What a logistic regression is trained on: checked, and copied out of x and y.
struct LogisticProblem {
  std::vector<double> points;  // row-major
  std::int64_t columns = 0;
  TrainingClasses classes;
  double C = 1;

  std::int64_t rows() const { return static_cast<std::int64_t>(classes.of_rows.size()); }
  const double* row(std::int64_t i) const { return points.data() + i * columns; }
  std::size_t scores() const { return classes.count == 2 ? 1 : classes.count; }
};

// Throws: PET_BAD_INPUT for data that no logistic regression can learn from: NaN and infinities, zero
// rows or columns, numbers so large that C times the sum of their squares is infinite, labels that
// are no classes or all the same, different numbers of rows in x and y.
LogisticProblem read_logistic_problem(const XYData& x, const XYData& y, double C);

class LinearClassifier {
 public:
  // Throws: PET_BAD_INPUT for scores that are not finite; nothing is changed then.
  void learn(LinearScores scores, XYData classes);
  // [r, columns] -> [r], of the labels' element type. Throws: PET_NOT_FITTED before learn(),
  // PET_BAD_INPUT for other columns, NaN and infinities.
  XYData predict(const XYData& x, const Host& host) const;

  void save(StateWriter& state) const;
  // Throws: PET_BAD_STATE for numbers that do not fit together; nothing is changed then.
  void load(StateReader& state);

 private:
  std::size_t best_class(const double* row) const;

  LinearScores scores_;
  XYData classes_;                    // nothing before learn()
  std::vector<std::int64_t> labels_;  // the same, read
};

}  // namespace pet::plugins
