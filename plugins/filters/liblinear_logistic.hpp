// Logistic regression as liblinear has it: of each class against all others, the offset penalised as
// a weight is.
#pragma once

#include "plugins/filters/linear_classifier.hpp"

namespace pet::plugins {

// Threads: any, also at once.
LinearScores train_liblinear_logistic(const LogisticProblem& problem, double tol);

}  // namespace pet::plugins
