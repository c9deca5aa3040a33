#include "plugins/labels.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>

namespace pet::plugins {
namespace {

constexpr double kLargestExactInteger = 9007199254740992.0;  // 2^53

[[noreturn]] void refuse(std::string_view name, std::int64_t row, const std::string& why) {
  throw Failure::bad_input(std::string(name) + ": row " + std::to_string(row) + " " + why);
}

template <class T>
std::int64_t label_of(T value, std::string_view name, std::int64_t row) {
  if constexpr (std::is_floating_point_v<T>) {
    const double number = value;
    if (std::isnan(number)) refuse(name, row, "is NaN, expected a class label");
    if (std::abs(number) > kLargestExactInteger || number != std::trunc(number)) {
      refuse(name, row,
             "is " + std::to_string(number) +
                 ": class labels are whole numbers, a continuous target has no classes");
    }
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    if (value > static_cast<T>(std::numeric_limits<std::int64_t>::max())) {
      refuse(name, row, "is " + std::to_string(value) + ", more than int64 holds");
    }
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::vector<std::int64_t> read_labels(const XYData& labels, std::string_view name) {
  if (!labels || labels.ndim() < 1 || labels.ndim() > 2 || labels.columns() != 1) {
    throw Failure::bad_input(std::string(name) + ": expected one class label per row, got " +
                             labels.describe());
  }
  std::vector<std::int64_t> out(static_cast<std::size_t>(labels.rows()));
  labels.visit([&](auto sample) {
    const auto in = labels.matrix<decltype(sample)>();
    for (std::int64_t i = 0; i < in.rows(); ++i) {
      out[static_cast<std::size_t>(i)] = label_of(in(i, 0), name, i);
    }
  });
  return out;
}

std::vector<std::int64_t> read_training_labels(const XYData& x, const XYData& y) {
  if (!y) throw Failure::bad_input("y: expected one class label per row, got nothing");
  std::vector<std::int64_t> labels = read_labels(y, "y");
  if (static_cast<std::int64_t>(labels.size()) != x.rows()) {
    throw Failure::bad_input("x has " + std::to_string(x.rows()) + " rows, but y has " +
                             std::to_string(labels.size()));
  }
  return labels;
}

TrainingClasses read_training_classes(const XYData& x, const XYData& y) {
  const std::vector<std::int64_t> labels = read_training_labels(x, y);
  const std::vector<std::int64_t> distinct = distinct_labels(labels);
  if (distinct.size() < 2) {
    throw Failure::bad_input("y: expected at least 2 classes, got only " +
                             std::to_string(distinct.front()));
  }
  TrainingClasses out{
      XYData::empty(y.dtype(), {static_cast<std::int64_t>(distinct.size())}), {}, distinct.size()};
  write_labels(distinct, out.labels);
  out.of_rows.reserve(labels.size());
  for (const std::int64_t label : labels) out.of_rows.push_back(place_of(label, distinct));
  return out;
}

std::vector<std::int64_t> read_saved_classes(const XYData& classes, std::size_t count) {
  std::vector<std::int64_t> labels;
  try {
    labels = read_labels(classes, "classes");
  } catch (const Failure& failure) {
    throw Failure::bad_state(failure.what());
  }
  const bool ascending =
      std::adjacent_find(labels.begin(), labels.end(), std::greater_equal<>()) == labels.end();
  if (labels.size() != count || !ascending) {
    throw Failure::bad_state("classes: expected " + std::to_string(count) +
                             " different labels, ascending, got " + classes.describe());
  }
  return labels;
}

void write_labels(const std::vector<std::int64_t>& labels, XYData& out) {
  out.visit([&](auto sample) {
    using Label = decltype(sample);
    std::transform(labels.begin(), labels.end(), out.data<Label>(),
                   [](std::int64_t label) { return static_cast<Label>(label); });
  });
}

LabelPairs read_label_pairs(const XYData& y_true, const XYData& y_pred) {
  LabelPairs pairs{read_labels(y_true, "y_true"), read_labels(y_pred, "y_pred")};
  if (pairs.actual.size() != pairs.predicted.size()) {
    throw Failure::bad_input("y_true has " + std::to_string(pairs.actual.size()) +
                             " rows, but y_pred has " + std::to_string(pairs.predicted.size()));
  }
  if (pairs.actual.empty()) throw Failure::bad_input("y_true: expected at least 1 row, got 0");
  return pairs;
}

std::size_t place_of(std::int64_t label, const std::vector<std::int64_t>& distinct) {
  const auto place = std::lower_bound(distinct.begin(), distinct.end(), label);
  return static_cast<std::size_t>(place - distinct.begin());
}

std::vector<std::int64_t> distinct_labels(const std::vector<std::int64_t>& labels) {
  std::vector<std::int64_t> distinct;
  for (const std::int64_t label : labels) {
    // Labels repeat: most are found here, so that the whole column is never sorted.
    const auto place = std::lower_bound(distinct.begin(), distinct.end(), label);
    if (place == distinct.end() || *place != label) distinct.insert(place, label);
    if (distinct.size() > 256) break;
  }
  if (distinct.size() <= 256) return distinct;
  distinct = labels;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  return distinct;
}

}  // namespace pet::plugins
