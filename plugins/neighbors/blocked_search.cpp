// Squared Euclidean distances by matrix products: |q - x|² = |q|² - 2 q·x + |x|².
//
// The product is fast and inexact, so it only rules points out: a point is compared exactly unless
// its estimate, less what rounding can have added, is beyond the k-th nearest so far. So the answer
// is that of the exhaustive search, whatever order a processor or a version of Eigen adds in. All
// is centred on the points' mean first, since rounding grows with the distance from the origin.
#include <Eigen/Core>
#include <algorithm>
#include <limits>
#include <vector>

#include "plugins/neighbors/neighbor_search.hpp"

namespace pet::plugins {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

constexpr std::int64_t kQueryBlock = 64;
constexpr std::int64_t kPointBlock = 512;

Eigen::Map<const Matrix> map(const Points& points) {
  return {points.values, points.rows, points.columns};
}

class BlockedSearch final : public NeighborSearch {
 public:
  explicit BlockedSearch(const Points& points)
      : points_(points),
        far_(make_exhaustive_search(points, Metric{})),
        limit_(Metric{}.safe_magnitude(points.columns)),
        mean_(map(points).colwise().mean()),
        centred_(map(points).rowwise() - mean_),
        norms_(centred_.rowwise().squaredNorm()),
        largest_norm_(norms_.maxCoeff()) {}

  void find(const Points& queries, std::int64_t k, Neighbor* out) const override {
    if (queries.largest_magnitude() > limit_) return far_->find(queries, k, out);
    std::vector<Nearest> nearest(kQueryBlock, Nearest(static_cast<std::size_t>(k)));
    for (std::int64_t begin = 0; begin < queries.rows; begin += kQueryBlock) {
      const std::int64_t end = std::min(begin + kQueryBlock, queries.rows);
      find_block(queries.block(begin, end), nearest);
      for (std::int64_t q = begin; q < end; ++q) {
        nearest[static_cast<std::size_t>(q - begin)].take(out + q * k);
      }
    }
  }

 private:
  void find_block(const Points& queries, std::vector<Nearest>& nearest) const {
    const Matrix centred = map(queries).rowwise() - mean_;
    const Vector norms = centred.rowwise().squaredNorm();
    Matrix products(queries.rows, kPointBlock);
    for (std::int64_t begin = 0; begin < points_.rows; begin += kPointBlock) {
      const std::int64_t count = std::min(kPointBlock, points_.rows - begin);
      products.leftCols(count).noalias() = centred * centred_.middleRows(begin, count).transpose();
      for (std::int64_t q = 0; q < queries.rows; ++q) {
        scan(queries.row(q), norms[q], products.row(q).data(), begin, count,
             nearest[static_cast<std::size_t>(q)]);
      }
    }
  }

  void scan(const double* query, double norm, const double* products, std::int64_t begin,
            std::int64_t count, Nearest& nearest) const {
    const double rounding = 8 * static_cast<double>(points_.columns + 8) *
                            std::numeric_limits<double>::epsilon() * (norm + largest_norm_);
    const double* norms = norms_.data() + begin;
    double limit = nearest.worst() - norm + rounding;
    for (std::int64_t i = 0; i < count; ++i) {
      if (norms[i] - 2 * products[i] > limit) continue;
      nearest.offer(reduced_distance(Euclidean{}, query, points_.row(begin + i), points_.columns),
                    begin + i);
      limit = nearest.worst() - norm + rounding;
    }
  }

  Points points_;
  std::unique_ptr<NeighborSearch> far_;
  double limit_;
  Eigen::RowVectorXd mean_;
  Matrix centred_;
  Vector norms_;
  double largest_norm_;
};

}  // namespace

std::unique_ptr<NeighborSearch> make_blocked_search(const Points& points) {
  if (points.largest_magnitude() > Metric{}.safe_magnitude(points.columns)) {
    return make_exhaustive_search(points, Metric{});
  }
  return std::make_unique<BlockedSearch>(points);
}

}  // namespace pet::plugins
