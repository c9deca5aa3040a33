// CalinskiHarabasz: how far apart clusters are, beside how wide they are.
//
// Shapes:     x [n, m], finite; y_pred [n] or [n, 1], labels as of any class; y_true is not looked
//             at.
// Parameters: none.
// Formula:    Calinski & Harabasz 1974, scikit-learn's calinski_harabasz_score:
//             B (n - k) / (W (k - 1)), with B the squared distances of the clusters' means from the
//             mean, weighted by their rows, and W those of the rows from their cluster's mean; 1
//             when W is 0. O(n m) time.
// Errors:     bad_input for data that is not 2-D or not finite, another number of labels than
//             rows, fewer than 2 or more than n - 1 clusters, and infinite squared distances.
#include <pet/metric.hpp>
#include <vector>

#include "plugins/metrics/clusters.hpp"
#include "plugins/neighbors/distance.hpp"

namespace pet::plugins {
namespace {

// The mean of every cluster, one after the other, and after them that of all rows.
std::vector<double> means_of(const Clusters& clusters) {
  const std::int64_t columns = clusters.columns;
  const auto count = static_cast<std::int64_t>(clusters.sizes.size());
  std::vector<double> means(static_cast<std::size_t>((count + 1) * columns));
  double* all = means.data() + count * columns;
  for (std::int64_t i = 0; i < clusters.rows(); ++i) {
    double* mean =
        means.data() +
        static_cast<std::int64_t>(clusters.cluster[static_cast<std::size_t>(i)]) * columns;
    for (std::int64_t j = 0; j < columns; ++j) {
      mean[j] += clusters.row(i)[j];
      all[j] += clusters.row(i)[j];
    }
  }
  for (std::int64_t k = 0; k <= count; ++k) {
    const std::int64_t rows =
        k == count ? clusters.rows() : clusters.sizes[static_cast<std::size_t>(k)];
    for (std::int64_t j = 0; j < columns; ++j)
      means[static_cast<std::size_t>(k * columns + j)] /= static_cast<double>(rows);
  }
  return means;
}

}  // namespace

class CalinskiHarabasz : public pet::Metric<CalinskiHarabasz> {
 public:
  static constexpr bool kHigherBetter = true;
  PET_DOC("How far apart clusters are, beside how wide they are, in the data as given.");

  double measure(const XYData& x, const XYData&, const XYData& y_pred) const {
    const Clusters clusters = clusters_of(x, y_pred);
    const std::vector<double> means = means_of(clusters);
    const std::int64_t columns = clusters.columns;
    const auto count = static_cast<std::int64_t>(clusters.sizes.size());
    const auto mean_of = [&](std::int64_t k) { return means.data() + k * columns; };
    double between = 0;
    for (std::int64_t k = 0; k < count; ++k) {
      between += static_cast<double>(clusters.sizes[static_cast<std::size_t>(k)]) *
                 reduced_distance(Euclidean{}, mean_of(k), mean_of(count), columns);
    }
    double within = 0;
    for (std::int64_t i = 0; i < clusters.rows(); ++i) {
      const auto k = static_cast<std::int64_t>(clusters.cluster[static_cast<std::size_t>(i)]);
      within += reduced_distance(Euclidean{}, clusters.row(i), mean_of(k), columns);
    }
    require_no_overflow(between + within);
    if (within == 0) return 1;
    return between * static_cast<double>(clusters.rows() - count) /
           (within * static_cast<double>(count - 1));
  }
};

PET_PLUGIN(CalinskiHarabasz, "1")

}  // namespace pet::plugins
