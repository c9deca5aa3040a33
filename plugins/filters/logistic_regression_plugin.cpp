// LogisticRegressionPlugin: logistic regression of each class against all others, by liblinear.
//
// Shapes:     fit x [n, m], y [n] or [n, 1]; predict [r, m] -> [r], of y's element type. Labels are
//             integers, bool or whole floating-point numbers.
// Parameters: C, above 0, is what a wrong row costs; tol, above 0, how much smaller the gradient has
//             to become. max_iter is scikit-learn's and is only checked: liblinear takes some ten
//             Newton steps, and at most 1000; its interface takes no other bound.
// Formula:    scikit-learn's LogisticRegression(solver="liblinear"), which is liblinear's L2R_LR: for
//             each class, the least |w|^2 / 2 + b^2 / 2 + C sum log(1 + exp(-s (w x + b))), s being
//             1 in the class's rows and -1 in others; the highest score wins. What the original's
//             LogistiRegressionlugin minimises instead stands there.
// Errors:     bad_params for values outside these; bad_input for NaN and infinities, zero rows or
//             columns, numbers whose products are infinite, labels that are no classes or all the
//             same, different numbers of rows in x and y, other columns than fit saw; not_fitted for
//             predict before fit.
// State:      classes, weights and offsets.
// Needs:      the shared liblinear where it runs. It adds up as the machine's BLAS does: training on
//             another machine may differ in the last digits of the weights; a state answers the same
//             everywhere.
#include <cstdint>
#include <pet/filter.hpp>
#include <utility>

#include "plugins/filters/liblinear_logistic.hpp"
#include "plugins/filters/linear_classifier.hpp"
#include "plugins/param_checks.hpp"

namespace pet::plugins {

class LogisticRegressionPlugin : public Filter<LogisticRegressionPlugin> {
 public:
  PET_DOC(
      "Classifies by logistic regression, each class against all others (liblinear, L2, also of "
      "the offset).");
  PET_PARAM(double, C, 1.0, "what a wrong row costs");
  PET_PARAM(std::int64_t, max_iter, 100, "accepted; liblinear has a bound of its own");
  PET_PARAM(double, tol, 1e-4, "how much smaller the gradient has to become");

  void validate() const {
    require_above_zero("C", C);
    require_above_zero("tol", tol);
    require_at_least(1, "max_iter", max_iter);
  }

  void fit(const XYData& x, const XYData& y) {
    LogisticProblem problem = read_logistic_problem(x, y, C);
    LinearScores scores = train_liblinear_logistic(problem, tol);
    classifier_.learn(std::move(scores), std::move(problem.classes.labels));
  }

  XYData predict(const XYData& x) const { return classifier_.predict(x, host()); }
  void save(StateWriter& state) const { classifier_.save(state); }
  void load(StateReader& state) { classifier_.load(state); }

 private:
  LinearClassifier classifier_;
};

PET_PLUGIN(LogisticRegressionPlugin, "1")

}  // namespace pet::plugins
