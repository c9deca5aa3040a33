#include "plugins/filters/linear_classifier.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "plugins/features.hpp"
#include "plugins/filters/solver_library.hpp"
#include "plugins/row_blocks.hpp"

namespace pet::plugins {
namespace {

constexpr std::int64_t kRowsPerBlock = 1024;
constexpr char kTooLarge[] =
    "x: its numbers are so large that their products are infinite: scale it";

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

void require(bool fits, const char* what) {
  if (!fits) throw Failure::bad_state(std::string("the saved state is of no classifier: ") + what);
}

}  // namespace

LogisticProblem read_logistic_problem(const XYData& x, const XYData& y, double C) {
  require_matrix(x);
  require_int_sizes(x);
  require_finite(x, Missing::kRefused);
  LogisticProblem problem;
  problem.classes = read_training_classes(x, y);
  problem.points = x.converted<double>();
  problem.columns = x.columns();
  problem.C = C;
  // The second derivatives are at most this: where it is infinite, training does not end.
  constexpr double kMost = 1e300;
  const double squares = std::inner_product(problem.points.begin(), problem.points.end(),
                                            problem.points.begin(), 1.0 * x.rows());
  if (!(C * squares < kMost)) throw Failure::bad_input(kTooLarge);
  return problem;
}

void LinearClassifier::learn(LinearScores scores, XYData classes) {
  if (!all_finite(scores.weights) || !all_finite(scores.offsets)) {
    throw Failure::bad_input(kTooLarge);
  }
  std::vector<std::int64_t> labels = read_labels(classes, "classes");
  scores_ = std::move(scores);
  classes_ = std::move(classes);
  labels_ = std::move(labels);
}

XYData LinearClassifier::predict(const XYData& x, const Host& host) const {
  if (!classes_) throw Failure::not_fitted("predict before fit: there are no weights yet");
  require_matrix(x, scores_.columns);
  require_finite(x, Missing::kRefused);
  const std::vector<double> points = x.converted<double>();
  std::vector<std::int64_t> answers(static_cast<std::size_t>(x.rows()));
  for_each_row_block(host, x.rows(), kRowsPerBlock, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      answers[static_cast<std::size_t>(i)] =
          labels_[best_class(points.data() + i * scores_.columns)];
    }
  });
  XYData out = host.tensor(classes_.dtype(), {x.rows()});
  write_labels(answers, out);
  return out;
}

std::size_t LinearClassifier::best_class(const double* row) const {
  const auto columns = static_cast<std::size_t>(scores_.columns);
  const auto score = [&](std::size_t k) {
    return std::inner_product(row, row + columns, scores_.weights.data() + k * columns, 0.0) +
           scores_.offsets[k];
  };
  if (scores_.offsets.size() == 1) return score(0) > 0 ? 1 : 0;
  std::size_t best = 0;
  double highest = score(0);
  for (std::size_t k = 1; k < scores_.offsets.size(); ++k) {
    const double here = score(k);
    if (here > highest) {
      highest = here;
      best = k;
    }
  }
  return best;
}

void LinearClassifier::save(StateWriter& state) const {
  state.put("classes", classes_);
  state.put("columns", scores_.columns);
  state.put("weights", scores_.weights);
  state.put("offsets", scores_.offsets);
}

void LinearClassifier::load(StateReader& state) {
  auto classes = state.get<XYData>("classes");
  LinearScores scores;
  state.get("columns", scores.columns);
  state.get("weights", scores.weights);
  state.get("offsets", scores.offsets);
  if (!classes) {  // saved before fit
    *this = LinearClassifier();
    return;
  }
  const auto columns = static_cast<std::size_t>(scores.columns);
  const std::size_t count = scores.offsets.size();
  require(count >= 1 && count != 2, "expected one score for two classes or one for each of more");
  require(scores.columns >= 1 && scores.weights.size() / columns == count &&
              scores.weights.size() % columns == 0,
          "expected a weight for each score and column");
  require(all_finite(scores.weights) && all_finite(scores.offsets), "numbers that are not finite");
  read_saved_classes(classes, count == 1 ? 2 : count);
  learn(std::move(scores), std::move(classes));
}

}  // namespace pet::plugins
