// Checks on the feature matrix that a class is given, in the words that scikit-learn's users know.
//
// Threads: any. Throws: pet::Failure(PET_BAD_INPUT).
#pragma once

#include <cstdint>
#include <pet/xydata.hpp>

namespace pet::plugins {

// x is 2-D with at least one row and one column.
void require_matrix(const XYData& x);

// The same, with the columns that fit() saw.
void require_matrix(const XYData& x, std::int64_t columns_at_fit);

// No element is infinite. With NaN allowed, one is a missing value.
enum class Missing { kAllowed, kRefused };
void require_finite(const XYData& x, Missing missing);

}  // namespace pet::plugins
