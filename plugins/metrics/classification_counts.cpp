#include "plugins/metrics/classification_counts.hpp"

#include "plugins/labels.hpp"

namespace pet::plugins {
namespace {

double ratio(double part, double whole) { return whole == 0 ? 0.0 : part / whole; }

ClassCounts sum_of(const std::vector<ClassCounts>& classes) {
  ClassCounts sum;
  for (const ClassCounts& c : classes) {
    sum.true_positives += c.true_positives;
    sum.predicted += c.predicted;
    sum.actual += c.actual;
  }
  return sum;
}

double score_of_positive(const std::vector<ClassCounts>& classes,
                         double (*score)(const ClassCounts&)) {
  if (classes.size() > 2) {
    throw Failure::bad_input("average is 'binary', but " + std::to_string(classes.size()) +
                             " classes occur: choose 'micro', 'macro' or 'weighted'");
  }
  for (const ClassCounts& c : classes) {
    if (c.label == 1) return score(c);
  }
  if (classes.size() == 2) {
    throw Failure::bad_input("average is 'binary', and scores class 1, but the classes are " +
                             std::to_string(classes[0].label) + " and " +
                             std::to_string(classes[1].label));
  }
  return score(ClassCounts{});
}

double mean_score(const std::vector<ClassCounts>& classes, Average average,
                  double (*score)(const ClassCounts&)) {
  double sum = 0;
  double weights = 0;
  for (const ClassCounts& c : classes) {
    const double weight = average == Average::kWeighted ? c.actual : 1.0;
    sum += weight * score(c);
    weights += weight;
  }
  return ratio(sum, weights);
}

}  // namespace

Average parse_average(std::string_view text) {
  if (text == "micro") return Average::kMicro;
  if (text == "macro") return Average::kMacro;
  if (text == "weighted") return Average::kWeighted;
  if (text == "binary") return Average::kBinary;
  throw Failure::bad_params("average: expected 'micro', 'macro', 'weighted' or 'binary', got '" +
                            std::string(text) + "'");
}

double precision_of(const ClassCounts& counts) {
  return ratio(counts.true_positives, counts.predicted);
}

double recall_of(const ClassCounts& counts) { return ratio(counts.true_positives, counts.actual); }

double f1_of(const ClassCounts& counts) {
  const double precision = precision_of(counts);
  const double recall = recall_of(counts);
  return ratio(2 * precision * recall, precision + recall);
}

std::vector<ClassCounts> count_classes(const XYData& y_true, const XYData& y_pred) {
  const auto [actual, predicted] = read_label_pairs(y_true, y_pred);
  std::vector<std::int64_t> labels = distinct_labels(actual);
  const std::vector<std::int64_t> also = distinct_labels(predicted);
  labels.insert(labels.end(), also.begin(), also.end());
  labels = distinct_labels(labels);

  std::vector<ClassCounts> classes(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) classes[i].label = labels[i];
  const auto class_of = [&](std::int64_t label) -> ClassCounts& {
    return classes[place_of(label, labels)];
  };
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ClassCounts& truth = class_of(actual[i]);
    truth.actual += 1;
    if (actual[i] == predicted[i]) truth.true_positives += 1;
    class_of(predicted[i]).predicted += 1;
  }
  return classes;
}

double average_score(const std::vector<ClassCounts>& classes, Average average,
                     double (*score)(const ClassCounts&)) {
  switch (average) {
    case Average::kMicro:
      return score(sum_of(classes));
    case Average::kBinary:
      return score_of_positive(classes, score);
    default:
      return mean_score(classes, average, score);
  }
}

}  // namespace pet::plugins
