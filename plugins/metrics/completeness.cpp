// Completeness: whether all rows of a class are in one cluster: 1 when they are.
//
// Shapes:     y_true and y_pred [n] or [n, 1]; labels are integers, bool or whole floating-point
//             numbers. Which label a cluster has does not matter.
// Parameters: none.
// Formula:    completeness of contingency.hpp, scikit-learn's completeness_score.
// Errors:     bad_input for labels that are no classes, different numbers of rows, and no rows.
#include <pet/metric.hpp>

#include "plugins/metrics/contingency.hpp"

namespace pet::plugins {

class Completeness : public Metric<Completeness> {
 public:
  static constexpr bool kHigherBetter = true;
  PET_DOC("Whether all rows of a class are in one cluster.");

  double measure(const XYData& y_true, const XYData& y_pred) const {
    return v_measure(contingency_of(y_true, y_pred)).completeness;
  }
};

PET_PLUGIN(Completeness, "1")

}  // namespace pet::plugins
