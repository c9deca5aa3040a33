// The distances between two points that neighbour searches know.
//
// A search compares *reduced* distances, which order points as the distance does and cost less:
// sums of powers without the root. Every search adds the columns up in the same order, from first
// to last, so that all of them agree to the last bit, ties included.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace pet::plugins {

struct Manhattan {
  double add(double sum, double gap) const noexcept { return sum + std::abs(gap); }
};
struct Euclidean {
  double add(double sum, double gap) const noexcept { return sum + gap * gap; }
};
struct Minkowski {
  double p;
  double add(double sum, double gap) const { return sum + std::pow(std::abs(gap), p); }
};
struct Chebyshev {
  double add(double sum, double gap) const noexcept { return std::max(sum, std::abs(gap)); }
};

template <class Norm>
double reduced_distance(const Norm& norm, const double* a, const double* b, std::int64_t columns) {
  double sum = 0;
  for (std::int64_t i = 0; i < columns; ++i) sum = norm.add(sum, a[i] - b[i]);
  return sum;
}

struct Metric {
  enum Kind { kManhattan, kEuclidean, kMinkowski, kChebyshev };
  Kind kind = kEuclidean;
  double p = 2;  // of kMinkowski

  // Calls f with the norm of this metric.
  template <class F>
  auto visit(F&& f) const {
    switch (kind) {
      case kManhattan:
        return f(Manhattan{});
      case kEuclidean:
        return f(Euclidean{});
      case kMinkowski:
        return f(Minkowski{p});
      default:
        return f(Chebyshev{});
    }
  }

  double distance_of(double reduced) const {
    if (kind == kEuclidean) return std::sqrt(reduced);
    return kind == kMinkowski ? std::pow(reduced, 1 / p) : reduced;
  }

  // Coordinates of at most this magnitude have finite reduced distances, with room for sums of
  // them.
  double safe_magnitude(std::int64_t columns) const {
    const double power = kind == kEuclidean ? 2 : kind == kMinkowski ? p : 1;
    const double largest =
        std::numeric_limits<double>::max() / (16.0 * static_cast<double>(columns));
    return std::pow(largest, 1 / power) / 2;
  }
};

}  // namespace pet::plugins
