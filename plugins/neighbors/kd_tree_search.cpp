// The tree is nanoflann's. Two things are done around it, so that ties are decided by index, and one
// so that no data makes it deep:
//
// - It drops points and branches that are not strictly nearer than the worst kept. It is told a
//   worst distance that is larger by more than its rounding, and Nearest decides exactly.
// - It cannot hold infinite distances. Queries so far away that distances overflow are compared
//   with every point instead.
// - It cuts boxes in the middle and calls itself for both parts. Points whose distances shrink
//   geometrically are cut off one by one, as many levels deep as there are exponents in all columns
//   together: 10,000s, more than a stack holds. So the cutting is done here, and what is left at
//   kDeepest is one large leaf, whose points are compared one by one as those of any leaf.
#include <algorithm>
#include <cmath>
#include <cstddef>
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

// Where points lie evenly, 2^30 of them make 30 levels.
constexpr int kDeepest = 512;

template <class Norm>
class Tree : public nanoflann::KDTreeSingleIndexAdaptor<Distance<Norm>, Dataset, -1, std::size_t> {
  using Base = nanoflann::KDTreeSingleIndexAdaptor<Distance<Norm>, Dataset, -1, std::size_t>;
  using typename Base::BoundingBox;
  using typename Base::Node;
  using Dimension = typename Base::Dimension;
  using Flags = nanoflann::KDTreeSingleIndexAdaptorFlags;

 public:
  Tree(const Dataset& data, const Norm& norm, std::int64_t leaf_size)
      : Base(static_cast<std::int32_t>(data.points.columns), data,
             {static_cast<std::size_t>(leaf_size), Flags::SkipInitialBuildIndex}),
        leaf_size_(static_cast<std::size_t>(leaf_size)) {
    this->distance.norm = norm;
    if (this->m_size == 0) return;
    this->init_vind();
    this->computeBoundingBox(this->root_bbox);
    this->m_leaf_max_size = this->m_size;  // divideTree makes a leaf of whatever it is given
    this->root_node = divide(0, this->m_size, this->root_bbox, kDeepest);
  }

 private:
  // nanoflann's divideTree, except that it knows how deep it is. `box` shrinks to the points.
  Node* divide(std::size_t begin, std::size_t end, BoundingBox& box, int levels) {
    if (levels == 0 || end - begin <= leaf_size_) return this->divideTree(*this, begin, end, box);
    std::size_t count = 0;
    Dimension column = 0;
    double cut = 0;
    this->middleSplit_(*this, begin, end - begin, count, column, cut, box);
    const auto at = static_cast<std::size_t>(column);
    BoundingBox low(box);
    BoundingBox high(box);
    low[at].high = high[at].low = cut;
    Node* node = this->pool.template allocate<Node>();
    node->child1 = divide(begin, begin + count, low, levels - 1);
    node->child2 = divide(begin + count, end, high, levels - 1);
    node->node_type.sub.divfeat = column;
    node->node_type.sub.divlow = low[at].high;
    node->node_type.sub.divhigh = high[at].low;
    for (std::size_t i = 0; i < box.size(); ++i) {
      box[i].low = std::min(low[i].low, high[i].low);
      box[i].high = std::max(low[i].high, high[i].high);
    }
    return node;
  }

  std::size_t leaf_size_;
};

template <class Norm>
class KdTreeSearch final : public NeighborSearch {
 public:
  KdTreeSearch(const Points& points, const Metric& metric, const Norm& norm, std::int64_t leaf_size)
      : data_{points},
        far_(make_exhaustive_search(points, metric)),
        limit_(metric.safe_magnitude(points.columns)),
        tree_(data_, norm, leaf_size) {}

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
  Tree<Norm> tree_;
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
