// Silhouette: how much nearer a row is to its own cluster than to the next one, from -1 to 1.
//
// Shapes:     x [n, m], finite; y_pred [n] or [n, 1], labels as of any class; y_true is not looked
//             at.
// Parameters: none.
// Formula:    Rousseeuw 1987, scikit-learn's silhouette_score with Euclidean distances: the mean of
//             (b - a) / max(a, b), with a the mean distance to the other rows of the own cluster
//             and b the least mean distance to another cluster; 0 for a row that is alone. O(n^2 m)
//             time on the host's threads, O(n) memory.
// Errors:     bad_input for data that is not 2-D or not finite, another number of labels than
//             rows, fewer than 2 or more than n - 1 clusters, and infinite squared distances.
#include <algorithm>
#include <cmath>
#include <limits>
#include <pet/metric.hpp>
#include <vector>

#include "plugins/metrics/clusters.hpp"
#include "plugins/neighbors/distance.hpp"

namespace pet::plugins {
namespace {

double silhouette_of(const Clusters& clusters, std::int64_t i) {
  const std::size_t own = clusters.cluster[static_cast<std::size_t>(i)];
  if (clusters.sizes[own] == 1) return 0;
  std::vector<double> sums(clusters.sizes.size());
  for (std::int64_t other = 0; other < clusters.rows(); ++other) {
    sums[clusters.cluster[static_cast<std::size_t>(other)]] += std::sqrt(
        reduced_distance(Euclidean{}, clusters.row(i), clusters.row(other), clusters.columns));
  }
  const double inside = sums[own] / static_cast<double>(clusters.sizes[own] - 1);
  double nearest = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < sums.size(); ++k) {
    if (k != own) nearest = std::min(nearest, sums[k] / static_cast<double>(clusters.sizes[k]));
  }
  const double larger = std::max(inside, nearest);
  return larger == 0 ? 0 : (nearest - inside) / larger;
}

}  // namespace

class Silhouette : public pet::Metric<Silhouette> {
 public:
  static constexpr bool kHigherBetter = true;
  PET_DOC(
      "How much nearer rows are to their own cluster than to the next one, in the data as given.");

  double measure(const XYData& x, const XYData&, const XYData& y_pred) const {
    const Clusters clusters = clusters_of(x, y_pred);
    // Summed afterwards, in the order of the rows: the answer does not depend on the threads.
    std::vector<double> of_rows(static_cast<std::size_t>(clusters.rows()));
    host().parallel_for(of_rows.size(), [&](std::uint64_t i) {
      of_rows[i] = silhouette_of(clusters, static_cast<std::int64_t>(i));
    });
    double sum = 0;
    for (const double value : of_rows) sum += value;
    require_no_overflow(sum);
    return sum / static_cast<double>(of_rows.size());
  }
};

PET_PLUGIN(Silhouette, "1")

}  // namespace pet::plugins
