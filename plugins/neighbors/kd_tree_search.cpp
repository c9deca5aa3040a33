// The tree is nanoflann's. Two things are done around it, so that ties are decided by index:
//
// - It drops points and branches that are not strictly nearer than the worst kept. It is told a
//   worst distance that is larger by more than its rounding, and Nearest decides exactly.
// - It cannot hold infinite distances. Queries so far away that distances overflow are compared
//   with every point instead.
#include <cmath>
#include <limits>
#include <nanoflann.hpp>

#include "plugins/neighbors/neighbor_search.hpp"

namespace pet::plugins {
namespace {

// What nanoflann reads the points through.
struct Dataset {
  Points points;

  std::size_t kdtree_get_point_count() const { return static_cast<std::size_t>(points.rows); }
  double kdtree_get_pt(std::size_t row, std::size_t column) const {
    return points.row(static_cast<std::int64_t>(row))[column];
  }
  template <class Box>
  bool kdtree_get_bbox(Box&) const {
    return false;
  }
};

// A norm as nanoflann's distance policy.
template <class Norm>
struct Distance {
  using ElementType = double;
  using DistanceType = double;

  explicit Distance(const Dataset& points) : data(&points) {}

  double evalMetric(const double* query, std::size_t row, std::size_t columns) const {
    return reduced_distance(norm, query, data->points.row(static_cast<std::int64_t>(row)),
                            static_cast<std::int64_t>(columns));
  }
  double accum_dist(double a, double b, std::size_t) const { return norm.add(0, a - b); }

  const Dataset* data;
  Norm norm{};
};

// Nearest as nanoflann's result set.
class Results {
 public:
  explicit Results(std::int64_t k) : nearest_(static_cast<std::size_t>(k)) {}

  bool addPoint(double reduced, std::size_t index) {
    nearest_.offer(reduced, static_cast<std::int64_t>(index));
    return true;
  }
  bool full() const { return nearest_.full(); }
  std::size_t size() const { return nearest_.size(); }
  double worstDist() const {
    return nearest_.worst() * (1 + 1e-12) + std::numeric_limits<double>::min();
  }
  void take(Neighbor* out) { nearest_.take(out); }

 private:
  Nearest nearest_;
};

template <class Norm>
class KdTreeSearch final : public NeighborSearch {
 public:
  KdTreeSearch(const Points& points, const Metric& metric, const Norm& norm, std::int64_t leaf_size)
      : data_{points},
        far_(make_exhaustive_search(points, metric)),
        limit_(metric.safe_magnitude(points.columns)),
        tree_(static_cast<std::int32_t>(points.columns), data_,
              nanoflann::KDTreeSingleIndexAdaptorParams(static_cast<std::size_t>(leaf_size))) {
    tree_.distance.norm = norm;
  }

  void find(const Points& queries, std::int64_t k, Neighbor* out) const override {
    Results results(k);
    for (std::int64_t i = 0; i < queries.rows; ++i) {
      const Points query = queries.block(i, i + 1);
      if (query.largest_magnitude() > limit_) {
        far_->find(query, k, out + i * k);
        continue;
      }
      tree_.findNeighbors(results, query.values, nanoflann::SearchParams());
      results.take(out + i * k);
    }
  }

 private:
  Dataset data_;
  std::unique_ptr<NeighborSearch> far_;
  double limit_;
  nanoflann::KDTreeSingleIndexAdaptor<Distance<Norm>, Dataset, -1, std::size_t> tree_;
};

}  // namespace

std::unique_ptr<NeighborSearch> make_kd_tree_search(const Points& points, const Metric& metric,
                                                    std::int64_t leaf_size) {
  const bool bounded = points.largest_magnitude() <= metric.safe_magnitude(points.columns);
  std::unique_ptr<NeighborSearch> made;
  const auto make = [&](const auto& norm) {
    using Search = KdTreeSearch<std::decay_t<decltype(norm)>>;
    made = std::make_unique<Search>(points, metric, norm, leaf_size);
  };
  if (!bounded || metric.kind == Metric::kChebyshev) return make_exhaustive_search(points, metric);
  if (metric.kind == Metric::kManhattan) make(Manhattan{});
  if (metric.kind == Metric::kEuclidean) make(Euclidean{});
  if (metric.kind == Metric::kMinkowski) make(Minkowski{metric.p});
  return made;
}

}  // namespace pet::plugins
