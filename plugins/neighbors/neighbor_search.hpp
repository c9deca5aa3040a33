// NeighborSearch: finds the points nearest to a query among those it was made with.
//
// Three of them give the same answers, to the last bit and with the same order among equal
// distances:
//
//   kd_tree      nanoflann's tree; best at few columns
//   blocked      Euclidean only: products of blocks by Eigen rule most points out; best at many
//                columns
//   exhaustive   compares with every point; the only one for Chebyshev, and for coordinates so
//                large that distances overflow
//
// Lifetime: a search looks at the points that it was made with; they must outlive it and not
//           change.
// Threads:  find() may be called by many threads at once.
#pragma once

#include <cstdint>
#include <memory>

#include "plugins/neighbors/distance.hpp"
#include "plugins/neighbors/nearest.hpp"

namespace pet::plugins {

// Row-major without gaps.
struct Points {
  const double* values = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;

  const double* row(std::int64_t i) const noexcept { return values + i * columns; }
  Points block(std::int64_t begin, std::int64_t end) const noexcept {
    return {row(begin), end - begin, columns};
  }
  double largest_magnitude() const noexcept;
};

class NeighborSearch {
 public:
  virtual ~NeighborSearch() = default;

  // The k nearest of each query, nearest first: out[i * k …] for query i.
  // REQUIRES: as many columns as the points have; 1 <= k <= number of points; finite values.
  virtual void find(const Points& queries, std::int64_t k, Neighbor* out) const = 0;
};

std::unique_ptr<NeighborSearch> make_kd_tree_search(const Points& points, const Metric& metric,
                                                    std::int64_t leaf_size);
std::unique_ptr<NeighborSearch> make_blocked_search(const Points& points);
std::unique_ptr<NeighborSearch> make_exhaustive_search(const Points& points, const Metric& metric);

}  // namespace pet::plugins
