// ARI: the adjusted Rand index, the share of pairs of rows that both labellings treat alike,
//      corrected for chance: 1 when they agree, about 0 for random ones.
//
// Shapes:     y_true and y_pred [n] or [n, 1]; labels are integers, bool or whole floating-point
//             numbers. Which label a cluster has does not matter.
// Parameters: none.
// Formula:    Hubert & Arabie 1985, over pairs of rows, as scikit-learn's adjusted_rand_score:
//             2 (tp tn - fn fp) / ((tp + fn)(fn + tn) + (tp + fp)(fp + tn)), 1 when fn = fp = 0.
// Errors:     bad_input for labels that are no classes, different numbers of rows, and no rows.
#include <pet/metric.hpp>

#include "plugins/metrics/contingency.hpp"

namespace pet::plugins {
namespace {

long double squared(std::int64_t count) {
  return static_cast<long double>(count) * static_cast<long double>(count);
}

}  // namespace

class ARI : public Metric<ARI> {
 public:
  static constexpr bool kHigherBetter = true;
  PET_DOC("The adjusted Rand index of two labellings.");

  double measure(const XYData& y_true, const XYData& y_pred) const {
    const Contingency table = contingency_of(y_true, y_pred);
    // long double: the products of two counts of pairs are larger than 2^53.
    long double both = 0;
    long double class_pairs = 0;
    long double cluster_pairs = 0;
    for (const Contingency::Cell& cell : table.cells) both += squared(cell.rows);
    for (const std::int64_t rows : table.actual) class_pairs += squared(rows);
    for (const std::int64_t rows : table.predicted) cluster_pairs += squared(rows);
    const long double tp = both - static_cast<long double>(table.rows);
    const long double fn = class_pairs - both;
    const long double fp = cluster_pairs - both;
    const long double tn = squared(table.rows) - class_pairs - cluster_pairs + both;
    if (fn == 0 && fp == 0) return 1;
    return static_cast<double>(2 * (tp * tn - fn * fp) /
                               ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn)));
  }
};

PET_PLUGIN(ARI, "1")

}  // namespace pet::plugins
