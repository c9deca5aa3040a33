// Mean and variance of every column, and the scale that standardising divides by.
//
// Two passes, as scikit-learn's StandardScaler: the mean first, then the squares of the deviations,
// corrected by what rounding left in their sum. The variance is the population's (divided by n).
// NaN is a missing value: each column counts those it has. A column whose variance is no more than
// rounding can make of a constant has the scale 1.
#pragma once

#include <pet/xydata.hpp>
#include <vector>

namespace pet::plugins {

struct ColumnMoments {
  std::vector<double> count;  // rows that are not NaN
  std::vector<double> mean;   // NaN in a column that has none
  std::vector<double> variance;

  std::vector<double> scale() const;
};

// `x` is 2-D numbers without infinities.
ColumnMoments column_moments(const XYData& x);

}  // namespace pet::plugins
