// NMI: normalised mutual information of two labellings, 0 for independent ones, 1 for the same.
//
// Shapes:     y_true and y_pred [n] or [n, 1]; labels are integers, bool or whole floating-point
//             numbers. Which label a cluster has does not matter.
// Parameters: none.
// Formula:    I / ((H(classes) + H(clusters)) / 2) (contingency.hpp), scikit-learn's
//             normalized_mutual_info_score; 1 when both have a single label.
// Errors:     bad_input for labels that are no classes, different numbers of rows, and no rows.
#include <pet/metric.hpp>

#include "plugins/metrics/contingency.hpp"

namespace pet::plugins {

class NMI : public Metric<NMI> {
 public:
  static constexpr bool kHigherBetter = true;
  PET_DOC("The normalised mutual information of two labellings.");

  double measure(const XYData& y_true, const XYData& y_pred) const {
    const Contingency table = contingency_of(y_true, y_pred);
    if (table.actual.size() == 1 && table.predicted.size() == 1) return 1;
    const double information = mutual_information(table);
    if (information == 0) return 0;
    return information / ((entropy(table.actual) + entropy(table.predicted)) / 2);
  }
};

PET_PLUGIN(NMI, "1")

}  // namespace pet::plugins
