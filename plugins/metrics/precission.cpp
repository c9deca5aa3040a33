// Precission: the share of a class's predictions that are right, averaged over the classes. The
//             spelling is the original's; configs may say Precision.
//
// Shapes:     y_true and y_pred [n] or [n, 1]; labels are integers, bool or whole floating-point
//             numbers.
// Parameters: average = micro, macro, weighted or binary (scores class 1).
// Formula:    true positives / predicted per class, 0 where a denominator is; scikit-learn's
//             precision_score with zero_division=0 (classification_counts.hpp).
// Errors:     bad_params for another average; bad_input for labels that are no classes, different
//             numbers of rows, no rows, and for binary more than two classes or two without class
//             1.
#include <pet/metric.hpp>
#include <string>

#include "plugins/metrics/classification_counts.hpp"

namespace pet::plugins {

class Precission : public Metric<Precission> {
 public:
  static constexpr bool kHigherBetter = true;
  PET_DOC("The share of a class's predictions that are right, averaged over the classes.");
  PET_PARAM(std::string, average, "weighted",
            "'micro', 'macro', 'weighted' or 'binary' (class 1 alone)");

  void validate() const { parse_average(average); }

  double measure(const XYData& y_true, const XYData& y_pred) const {
    return average_score(count_classes(y_true, y_pred), parse_average(average), precision_of);
  }
};

PET_PLUGIN(Precission, "1")

}  // namespace pet::plugins
