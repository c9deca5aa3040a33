// V: the V-measure, the harmonic mean of homogeneity and completeness.
//
// Shapes:     y_true and y_pred [n] or [n, 1]; labels are integers, bool or whole floating-point
//             numbers. Which label a cluster has does not matter.
// Parameters: none.
// Formula:    v of contingency.hpp, scikit-learn's v_measure_score with beta = 1.
// Errors:     bad_input for labels that are no classes, different numbers of rows, and no rows.
#include <pet/metric.hpp>

#include "plugins/metrics/contingency.hpp"

namespace pet::plugins {

class V : public Metric<V> {
 public:
  static constexpr bool kHigherBetter = true;
  PET_DOC("The harmonic mean of homogeneity and completeness.");

  double measure(const XYData& y_true, const XYData& y_pred) const {
    return v_measure(contingency_of(y_true, y_pred)).v;
  }
};

PET_PLUGIN(V, "1")

}  // namespace pet::plugins
