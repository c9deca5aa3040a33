// read_labels: class labels as int64, whatever the element type they came in.
//
// One label per row: shape [n] or [n, 1]. Integers and bool are taken as they are; floating-point
// labels must be whole numbers of at most 2^53, as scikit-learn's "continuous" check has it.
//
// Threads: any. Throws: pet::Failure(PET_BAD_INPUT) naming the argument, the row and the value.
#pragma once

#include <cstdint>
#include <pet/xydata.hpp>
#include <string_view>
#include <vector>

namespace pet::plugins {

// `name` is how messages call the argument: "y", "y_true".
std::vector<std::int64_t> read_labels(const XYData& labels, std::string_view name);

// Every label that occurs, once, ascending.
std::vector<std::int64_t> distinct_labels(const std::vector<std::int64_t>& labels);

}  // namespace pet::plugins
