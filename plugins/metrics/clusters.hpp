// The rows of every cluster: what CalinskiHarabasz and Silhouette share.
//
// Threads: any. Throws: pet::Failure(PET_BAD_INPUT).
#pragma once

#include <cstdint>
#include <pet/xydata.hpp>
#include <vector>

namespace pet::plugins {

struct Clusters {
  std::vector<double> points;  // row-major
  std::int64_t columns = 0;
  std::vector<std::size_t> cluster;  // of each row
  std::vector<std::int64_t> sizes;   // rows of each cluster

  std::int64_t rows() const { return static_cast<std::int64_t>(cluster.size()); }
  const double* row(std::int64_t i) const { return points.data() + i * columns; }
};

// x [n, m], finite; labels [n] or [n, 1] with 2 to n - 1 different ones, as scikit-learn asks.
Clusters clusters_of(const XYData& x, const XYData& labels);

// Fails where a sum over distances is infinite or NaN, which of finite x is by overflow.
void require_no_overflow(double distances);

}  // namespace pet::plugins
