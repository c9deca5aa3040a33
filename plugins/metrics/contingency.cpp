#include "plugins/metrics/contingency.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "plugins/labels.hpp"

namespace pet::plugins {

Contingency contingency_of(const XYData& y_true, const XYData& y_pred) {
  const auto [actual, predicted] = read_label_pairs(y_true, y_pred);
  const std::vector<std::int64_t> classes = distinct_labels(actual);
  const std::vector<std::int64_t> clusters = distinct_labels(predicted);

  Contingency table;
  table.rows = static_cast<std::int64_t>(actual.size());
  table.actual.resize(classes.size());
  table.predicted.resize(clusters.size());
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  pairs.reserve(actual.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    pairs.emplace_back(place_of(actual[i], classes), place_of(predicted[i], clusters));
    ++table.actual[pairs.back().first];
    ++table.predicted[pairs.back().second];
  }
  std::sort(pairs.begin(), pairs.end());
  for (const auto& [row, column] : pairs) {
    const bool is_new = table.cells.empty() || table.cells.back().actual != row ||
                        table.cells.back().predicted != column;
    if (is_new) table.cells.push_back({row, column, 0});
    ++table.cells.back().rows;
  }
  return table;
}

double entropy(const std::vector<std::int64_t>& rows_of_labels) {
  if (rows_of_labels.size() == 1) return 0;
  double total = 0;
  for (const std::int64_t rows : rows_of_labels) total += static_cast<double>(rows);
  double sum = 0;
  for (const std::int64_t rows : rows_of_labels) {
    const auto count = static_cast<double>(rows);
    sum += count / total * (std::log(count) - std::log(total));
  }
  return -sum;
}

double mutual_information(const Contingency& table) {
  if (table.actual.size() == 1 || table.predicted.size() == 1) return 0;
  const auto total = static_cast<double>(table.rows);
  double sum = 0;
  for (const Contingency::Cell& cell : table.cells) {
    const auto rows = static_cast<double>(cell.rows);
    const double outer = static_cast<double>(table.actual[cell.actual]) *
                         static_cast<double>(table.predicted[cell.predicted]);
    const double share = rows / total;
    const double term = share * (std::log(rows) - std::log(total)) +
                        share * (2 * std::log(total) - std::log(outer));
    // Independent labellings have 0, not what rounding leaves of it.
    if (std::abs(term) >= std::numeric_limits<double>::epsilon()) sum += term;
  }
  return std::max(sum, 0.0);
}

VMeasure v_measure(const Contingency& table) {
  const double information = mutual_information(table);
  const double of_classes = entropy(table.actual);
  const double of_clusters = entropy(table.predicted);
  VMeasure out{};
  out.homogeneity = of_classes == 0 ? 1.0 : information / of_classes;
  out.completeness = of_clusters == 0 ? 1.0 : information / of_clusters;
  const double sum = out.homogeneity + out.completeness;
  out.v = sum == 0 ? 0.0 : 2 * out.homogeneity * out.completeness / sum;
  return out;
}

}  // namespace pet::plugins
