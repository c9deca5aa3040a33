// read_labels: class labels as int64, whatever the element type they came in.
//
// One label per row: shape [n] or [n, 1]. Integers and bool are taken as they are; floating-point
// labels must be whole numbers of at most 2^53, as scikit-learn's "continuous" check has it.
//
// Threads: any. Throws: pet::Failure(PET_BAD_INPUT) naming the argument, the row and the value,
//         where nothing else is said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <pet/xydata.hpp>
#include <string_view>
#include <vector>

namespace pet::plugins {

// `name` is how messages call the argument: "y", "y_true".
std::vector<std::int64_t> read_labels(const XYData& labels, std::string_view name);

// The labels that fit was given for x: one for each row.
std::vector<std::int64_t> read_training_labels(const XYData& x, const XYData& y);

// The same for classifiers that number their classes, of which there are at least 2.
struct TrainingClasses {
  XYData labels;                     // of each class: ascending, [count], of y's element type
  std::vector<std::size_t> of_rows;  // the number of each row's class
  std::size_t count = 0;
};
TrainingClasses read_training_classes(const XYData& x, const XYData& y);

// TrainingClasses::labels as they came back from a state: PET_BAD_STATE for others than `count`
// different ones, ascending.
std::vector<std::int64_t> read_saved_classes(const XYData& classes, std::size_t count);

// Into `out`, of as many elements, converted to its element type, which they came from.
void write_labels(const std::vector<std::int64_t>& labels, XYData& out);

// What a metric compares: as many rows of one as of the other, and at least one.
struct LabelPairs {
  std::vector<std::int64_t> actual;
  std::vector<std::int64_t> predicted;
};
LabelPairs read_label_pairs(const XYData& y_true, const XYData& y_pred);

// Every label that occurs, once, ascending.
std::vector<std::int64_t> distinct_labels(const std::vector<std::int64_t>& labels);

// The place of a label among distinct ones. REQUIRES: it is there.
std::size_t place_of(std::int64_t label, const std::vector<std::int64_t>& distinct);

}  // namespace pet::plugins
