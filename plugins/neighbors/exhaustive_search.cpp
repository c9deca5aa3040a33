#include <algorithm>
#include <cmath>
#include <vector>

#include "plugins/neighbors/neighbor_search.hpp"

namespace pet::plugins {
namespace {

class ExhaustiveSearch final : public NeighborSearch {
 public:
  ExhaustiveSearch(const Points& points, const Metric& metric) : points_(points), metric_(metric) {}

  void find(const Points& queries, std::int64_t k, Neighbor* out) const override {
    metric_.visit([&](const auto& norm) { find_by(norm, queries, k, out); });
  }

 private:
  // Points are taken in tiles that stay in the cache while every query of a group looks at them.
  template <class Norm>
  void find_by(const Norm& norm, const Points& queries, std::int64_t k, Neighbor* out) const {
    constexpr std::int64_t kQueries = 32;
    const std::int64_t tile = std::max<std::int64_t>(1, 16384 / points_.columns);
    std::vector<Nearest> nearest(kQueries, Nearest(static_cast<std::size_t>(k)));
    for (std::int64_t first = 0; first < queries.rows; first += kQueries) {
      const std::int64_t last = std::min(first + kQueries, queries.rows);
      for (std::int64_t begin = 0; begin < points_.rows; begin += tile) {
        const std::int64_t end = std::min(begin + tile, points_.rows);
        for (std::int64_t q = first; q < last; ++q) {
          scan(norm, queries.row(q), begin, end, nearest[static_cast<std::size_t>(q - first)]);
        }
      }
      for (std::int64_t q = first; q < last; ++q) {
        nearest[static_cast<std::size_t>(q - first)].take(out + q * k);
      }
    }
  }

  template <class Norm>
  void scan(const Norm& norm, const double* query, std::int64_t begin, std::int64_t end,
            Nearest& nearest) const {
    for (std::int64_t i = begin; i < end; ++i) {
      const double reduced = reduced_distance(norm, query, points_.row(i), points_.columns);
      if (!nearest.full() || reduced <= nearest.worst()) nearest.offer(reduced, i);
    }
  }

  Points points_;
  Metric metric_;
};

}  // namespace

double Points::largest_magnitude() const noexcept {
  double largest = 0;
  for (std::int64_t i = 0; i < rows * columns; ++i)
    largest = std::max(largest, std::abs(values[i]));
  return largest;
}

std::unique_ptr<NeighborSearch> make_exhaustive_search(const Points& points, const Metric& metric) {
  return std::make_unique<ExhaustiveSearch>(points, metric);
}

}  // namespace pet::plugins
