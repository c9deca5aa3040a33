#include "plugins/filters/liblinear_logistic.hpp"

#include <linear.h>

#include <memory>
#include <vector>

#include "plugins/filters/solver_library.hpp"

namespace pet::plugins {
namespace {

struct DestroyModel {
  void operator()(model* made) const { ::free_and_destroy_model(&made); }
};

constexpr double kOffsetFeature = 1;  // scikit-learn's intercept_scaling

// liblinear's sparse rows: index and value of every column, then the feature of the offset, then
// index -1.
std::vector<feature_node> nodes_of(const LogisticProblem& problem) {
  std::vector<feature_node> nodes;
  nodes.reserve(static_cast<std::size_t>(problem.rows() * (problem.columns + 2)));
  for (std::int64_t i = 0; i < problem.rows(); ++i) {
    const double* row = problem.row(i);
    for (std::int64_t j = 0; j < problem.columns; ++j) {
      nodes.push_back({static_cast<int>(j + 1), row[j]});
    }
    nodes.push_back({static_cast<int>(problem.columns + 1), kOffsetFeature});
    nodes.push_back({-1, 0});
  }
  return nodes;
}

}  // namespace

LinearScores train_liblinear_logistic(const LogisticProblem& problem, double tol) {
  const auto columns = static_cast<std::size_t>(problem.columns);
  std::vector<feature_node> nodes = nodes_of(problem);
  std::vector<feature_node*> rows;
  std::vector<double> labels;
  for (const std::size_t of_row : problem.classes.of_rows) {
    rows.push_back(nodes.data() + rows.size() * (columns + 2));
    labels.push_back(static_cast<double>(of_row));
  }
  const ::problem given{static_cast<int>(problem.rows()), static_cast<int>(columns + 1),
                        labels.data(), rows.data(), kOffsetFeature};
  ::parameter chosen{};
  chosen.solver_type = L2R_LR;
  chosen.eps = tol;
  chosen.C = problem.C;
  ::set_print_string_function(print_nothing());
  const std::unique_ptr<model, DestroyModel> made(::train(&given, &chosen));

  // liblinear numbers classes in the order in which it met them; of two, the first has the one score.
  const std::size_t scores = problem.scores();
  LinearScores out;
  out.columns = problem.columns;
  out.weights.resize(scores * columns);
  out.offsets.resize(scores);
  for (std::size_t met = 0; met < scores; ++met) {
    const auto label = static_cast<std::size_t>(made->label[met]);
    const std::size_t k = scores == 1 ? 0 : label;
    const double sign = scores == 1 && label == 0 ? -1 : 1;
    for (std::size_t j = 0; j < columns; ++j) {
      out.weights[k * columns + j] = sign * made->w[j * scores + met];
    }
    out.offsets[k] = sign * made->w[columns * scores + met] * kOffsetFeature;
  }
  return out;
}

}  // namespace pet::plugins
