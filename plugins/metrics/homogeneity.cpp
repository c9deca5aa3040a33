// Homogeneity: whether every cluster holds rows of one class only: 1 when it does.
//
// Shapes:     y_true and y_pred [n] or [n, 1]; labels are integers, bool or whole floating-point
//             numbers. Which label a cluster has does not matter.
// Parameters: none.
// Formula:    homogeneity of contingency.hpp, scikit-learn's homogeneity_score.
// Errors:     bad_input for labels that are no classes, different numbers of rows, and no rows.
#include <pet/metric.hpp>

#include "plugins/metrics/contingency.hpp"

namespace pet::plugins {

class Homogeneity : public Metric<Homogeneity> {
 public:
  static constexpr bool kHigherBetter = true;
  PET_DOC("Whether every cluster holds rows of one class only.");

  double measure(const XYData& y_true, const XYData& y_pred) const {
    return v_measure(contingency_of(y_true, y_pred)).homogeneity;
  }
};

PET_PLUGIN(Homogeneity, "1")

}  // namespace pet::plugins
