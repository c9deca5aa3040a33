// Logistic regression of all classes at once, its offsets free: what scikit-learn's "lbfgs",
// "newton-cg" and "newton-cholesky" minimise.
#pragma once

#include <cstdint>

#include "plugins/filters/linear_classifier.hpp"

namespace pet::plugins {

struct SoftmaxResult {
  LinearScores scores;
  std::int64_t steps = 0;
  bool converged = false;  // the largest element of the gradient came down to tol
};

// Threads: any, also at once. O(steps * n * m * classes) time, times the products of a step.
SoftmaxResult train_softmax(const LogisticProblem& problem, double tol, std::int64_t max_steps);

}  // namespace pet::plugins
