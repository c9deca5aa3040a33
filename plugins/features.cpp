#include "plugins/features.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

namespace pet::plugins {
namespace {

template <class T>
void find_infinite(const MatrixView<const T>& x, Missing missing) {
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::int64_t j = 0; j < x.columns(); ++j) {
      const T value = x(i, j);
      const bool nan = value != value;
      if (nan ? missing == Missing::kAllowed : std::abs(value) <= std::numeric_limits<T>::max())
        continue;
      throw Failure::bad_input(
          "x: row " + std::to_string(i) + ", column " + std::to_string(j) +
          (nan ? " is NaN" : " is infinite") + ", expected " +
          (missing == Missing::kAllowed ? "finite numbers or NaN" : "finite numbers"));
    }
  }
}

}  // namespace

void require_matrix(const XYData& x) {
  if (!x) throw Failure::bad_input("x: expected rows and columns, got nothing");
  if (x.ndim() != 2) {
    throw Failure::bad_input("x: expected rows and columns, got " + x.describe() +
                             ": give one feature as [n, 1], one sample as [1, n]");
  }
  if (x.rows() == 0 || x.columns() == 0) {
    throw Failure::bad_input("x: expected at least 1 row and 1 column, got " + x.describe());
  }
}

void require_matrix(const XYData& x, std::int64_t columns_at_fit) {
  require_matrix(x);
  if (x.columns() != columns_at_fit) {
    throw Failure::bad_input("x: expected " + std::to_string(columns_at_fit) +
                             " columns as in fit, got " + x.describe());
  }
}

void require_finite(const XYData& x, Missing missing) {
  x.visit([&](auto sample) {
    using T = decltype(sample);
    if constexpr (std::is_floating_point_v<T>) find_infinite(x.matrix<T>(), missing);
  });
}

}  // namespace pet::plugins
