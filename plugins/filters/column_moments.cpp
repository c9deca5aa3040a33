#include "plugins/filters/column_moments.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

namespace pet::plugins {
namespace {

// Calls per_value(column, value as double) for every element that is not NaN. Column sums advance
// together, which a compiler can vectorise and which adds in scikit-learn's order.
template <class T, class PerValue>
void for_each_value(const MatrixView<const T>& x, const PerValue& per_value) {
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::int64_t j = 0; j < x.columns(); ++j) {
      const double value = static_cast<double>(x(i, j));
      per_value(static_cast<std::size_t>(j), value, value == value ? 1.0 : 0.0);
    }
  }
}

template <class T>
ColumnMoments moments_of(const MatrixView<const T>& x) {
  const auto columns = static_cast<std::size_t>(x.columns());
  ColumnMoments out{std::vector<double>(columns), std::vector<double>(columns),
                    std::vector<double>(columns)};
  double* count = out.count.data();
  double* mean = out.mean.data();
  double* squares = out.variance.data();
  for_each_value(x, [=](std::size_t j, double value, double known) {
    count[j] += known;
    mean[j] += known == 0 ? 0 : value;
  });
  for (std::size_t j = 0; j < columns; ++j) mean[j] /= count[j];

  std::vector<double> rounding(columns);
  double* rest = rounding.data();
  for_each_value(x, [=](std::size_t j, double value, double known) {
    const double gap = known == 0 ? 0 : value - mean[j];
    rest[j] += gap;
    squares[j] += gap * gap;
  });
  for (std::size_t j = 0; j < columns; ++j) {
    squares[j] = (squares[j] - rest[j] * rest[j] / count[j]) / count[j];
  }
  return out;
}

}  // namespace

std::vector<double> ColumnMoments::scale() const {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  std::vector<double> scale(variance.size());
  for (std::size_t j = 0; j < scale.size(); ++j) {
    const double error = count[j] * mean[j] * kEpsilon;
    const bool constant = variance[j] <= count[j] * kEpsilon * variance[j] + error * error;
    scale[j] = constant ? 1 : std::sqrt(variance[j]);
  }
  return scale;
}

ColumnMoments column_moments(const XYData& x) {
  ColumnMoments out;
  x.visit([&](auto sample) { out = moments_of(x.matrix<decltype(sample)>()); });
  return out;
}

}  // namespace pet::plugins
