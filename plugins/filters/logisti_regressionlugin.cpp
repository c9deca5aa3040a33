// LogistiRegressionlugin: logistic regression of all classes at once. The name is the original's.
//
// Shapes:     fit x [n, m], y [n] or [n, 1]; predict [r, m] -> [r], of y's element type. Labels are
//             integers, bool or whole floating-point numbers.
// Parameters: max_ite, at least 1, bounds the Newton steps; tol, above 0, is what every element of
//             the gradient has to come down to. Neither has a default, as in the original.
// Formula:    what the original has from scikit-learn's LogisticRegression(max_iter, tol), that is
//             with C = 1 and the solver "lbfgs": the least |w|^2 / 2 plus the log loss of all rows,
//             of the softmax of all classes' scores, or for two classes of the logistic function of
//             one. Offsets are not penalised. That minimum is reached here by Newton's steps,
//             usually within 20; scikit-learn's answer differs where lbfgs stops before it
//             (it warns then). LogisticRegressionPlugin, by liblinear, minimises something else: it
//             has one regression for each class, with penalised offsets, and labels 3 of the 45 test
//             rows of iris differently.
// Errors:     bad_params for values outside these; bad_input for NaN and infinities, zero rows or
//             columns, numbers whose products are infinite, labels that are no classes or all the
//             same, different numbers of rows in x and y, other columns than fit saw; not_fitted for
//             predict before fit.
// State:      classes, weights and offsets.
#include <cstdint>
#include <pet/filter.hpp>
#include <string>
#include <utility>

#include "plugins/filters/linear_classifier.hpp"
#include "plugins/filters/softmax_regression.hpp"
#include "plugins/param_checks.hpp"

namespace pet::plugins {

class LogistiRegressionlugin : public Filter<LogistiRegressionlugin> {
 public:
  PET_DOC("Classifies by logistic regression, all classes at once (softmax, L2, C = 1).");
  PET_PARAM(std::int64_t, max_ite, required, "how many Newton steps are made at most; 100, say");
  PET_PARAM(double, tol, required,
            "what every element of the gradient has to come down to; 1e-4, say");

  void validate() const {
    require_at_least(1, "max_ite", max_ite);
    require_above_zero("tol", tol);
  }

  void fit(const XYData& x, const XYData& y) {
    LogisticProblem problem = read_logistic_problem(x, y, 1.0);
    SoftmaxResult result = train_softmax(problem, tol, max_ite);
    if (!result.converged) {
      host().warning("LogistiRegressionlugin stopped after " + std::to_string(result.steps) +
                     " steps, before the gradient came down to tol: scale x, or raise max_ite");
    }
    classifier_.learn(std::move(result.scores), std::move(problem.classes.labels));
  }

  XYData predict(const XYData& x) const { return classifier_.predict(x, host()); }
  void save(StateWriter& state) const { classifier_.save(state); }
  void load(StateReader& state) { classifier_.load(state); }

 private:
  LinearClassifier classifier_;
};

PET_PLUGIN(LogistiRegressionlugin, "1")

}  // namespace pet::plugins
