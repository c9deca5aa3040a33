// What the pipelines share: fitting one stage, and evaluating all metrics.
#pragma once

#include <algorithm>
#include <pet/child.hpp>
#include <vector>

namespace pet::plugins {

// Fits the filter, unless it learns nothing: then false. A wrapper has a fit, and finds out from
// its own filter.
inline bool fit_stage(Child& filter, const XYData& x, const XYData& y) {
  if (!filter.has_fit()) return false;
  try {
    filter.fit(x, y);
  } catch (const Failure& failure) {
    if (failure.status() != PET_NOT_TRAINABLE) throw;
    return false;
  }
  return true;
}

// Every metric under its class's name; the last one of a name stands, in the place of the first.
inline void evaluate_all(const std::vector<MetricChild>& metrics, const XYData& x,
                         const XYData& y_true, const XYData& y_pred, Scores& scores) {
  std::vector<Score> measured;
  for (const MetricChild& metric : metrics) {
    Score score{metric.class_name(), metric.measure(x, y_true, y_pred)};
    const auto same = std::find_if(measured.begin(), measured.end(),
                                   [&](const Score& other) { return other.name == score.name; });
    if (same == measured.end()) {
      measured.push_back(std::move(score));
    } else {
      *same = std::move(score);
    }
  }
  for (const Score& score : measured) scores.add(score.name, score.value);
}

}  // namespace pet::plugins
