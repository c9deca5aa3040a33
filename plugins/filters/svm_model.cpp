#include "plugins/filters/svm_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "plugins/filters/solver_library.hpp"

namespace pet::plugins {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<int>::max() - 1;  // libsvm counts in int

// libsvm's sparse row: index and value of every column, then index -1.
void fill_nodes(const double* row, std::int64_t columns, svm_node* nodes) {
  for (std::int64_t j = 0; j < columns; ++j) nodes[j] = {static_cast<int>(j + 1), row[j]};
  nodes[columns] = {-1, 0};
}

struct DestroyModel {
  void operator()(svm_model* model) const { svm_free_and_destroy_model(&model); }
};

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

void require(bool fits, const char* what) {
  if (fits) return;
  throw Failure::bad_state(std::string("the saved state is of no support vector classifier: ") +
                           what);
}

void check(const SvmNumbers& numbers) {
  const std::size_t classes = numbers.of_classes.size();
  require(classes >= 2 && classes <= 1'000'000, "fewer than 2 classes, or too many");
  require(numbers.columns >= 1 && numbers.columns <= kMost, "no columns, or too many");
  std::int64_t vectors = 0;
  for (const std::int64_t count : numbers.of_classes) {
    require(count >= 0 && count <= kMost - vectors, "a bad number of support vectors");
    vectors += count;
  }
  const auto columns = static_cast<std::size_t>(numbers.columns);
  const auto count = static_cast<std::size_t>(vectors);
  require(numbers.vectors.size() / columns == count && numbers.vectors.size() % columns == 0,
          "other support vectors than it counts");
  require(numbers.coefficients.size() == (classes - 1) * count, "a bad number of coefficients");
  require(numbers.offsets.size() == classes * (classes - 1) / 2, "a bad number of offsets");
  require(std::isfinite(numbers.gamma) && all_finite(numbers.vectors) &&
              all_finite(numbers.coefficients) && all_finite(numbers.offsets),
          "numbers that are not finite");
}

// What libsvm learned, copied.
SvmNumbers numbers_of(const svm_model& model, std::int64_t columns) {
  const auto classes = static_cast<std::size_t>(model.nr_class);
  const auto count = static_cast<std::size_t>(model.l);
  SvmNumbers out;
  out.columns = columns;
  out.gamma = model.param.gamma;
  out.vectors.reserve(count * static_cast<std::size_t>(columns));
  for (std::size_t i = 0; i < count; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) out.vectors.push_back(model.SV[i][j].value);
  }
  for (std::size_t k = 0; k + 1 < classes; ++k) {
    out.coefficients.insert(out.coefficients.end(), model.sv_coef[k], model.sv_coef[k] + count);
  }
  out.offsets.assign(model.rho, model.rho + classes * (classes - 1) / 2);
  out.of_classes.assign(model.nSV, model.nSV + classes);
  return out;
}

}  // namespace

SvmNumbers train_svm(const double* points, std::int64_t columns,
                     const std::vector<std::size_t>& classes, std::size_t class_count,
                     const svm_parameter& parameters) {
  // Row by row of class 0, then of class 1 and so on: libsvm numbers classes in the order in which it
  // meets them, and that order breaks ties between votes.
  std::vector<std::size_t> order(classes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return classes[a] < classes[b]; });

  const auto stride = static_cast<std::size_t>(columns) + 1;
  std::vector<svm_node> nodes(stride * order.size());
  std::vector<svm_node*> rows(order.size());
  std::vector<double> labels(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    rows[i] = nodes.data() + i * stride;
    labels[i] = static_cast<double>(classes[order[i]]);
    fill_nodes(points + static_cast<std::int64_t>(order[i]) * columns, columns, rows[i]);
  }
  const svm_problem problem{static_cast<int>(order.size()), labels.data(), rows.data()};
  svm_set_print_string_function(print_nothing());
  const std::unique_ptr<svm_model, DestroyModel> model(svm_train(&problem, &parameters));
  SvmNumbers out = numbers_of(*model, columns);
  if (static_cast<std::size_t>(model->nr_class) != class_count || !all_finite(out.coefficients) ||
      !all_finite(out.offsets)) {
    throw Failure::bad_input(
        "x: its numbers are so large that their products are infinite: scale it");
  }
  return out;
}

SvmModel::SvmModel(SvmNumbers numbers, const svm_parameter& parameters)
    : numbers_(std::move(numbers)) {
  check(numbers_);
  const std::size_t classes = numbers_.of_classes.size();
  const auto columns = static_cast<std::size_t>(numbers_.columns);
  const std::size_t count = numbers_.vectors.size() / columns;
  nodes_.resize(count * (columns + 1));
  for (std::size_t i = 0; i < count; ++i) {
    vectors_.push_back(nodes_.data() + i * (columns + 1));
    fill_nodes(numbers_.vectors.data() + i * columns, numbers_.columns, vectors_.back());
  }
  for (std::size_t k = 0; k + 1 < classes; ++k) {
    coefficients_.push_back(numbers_.coefficients.data() + k * count);
  }
  for (std::size_t k = 0; k < classes; ++k) {
    labels_.push_back(static_cast<int>(k));
    of_classes_.push_back(static_cast<int>(numbers_.of_classes[k]));
  }
  view_.param = parameters;
  view_.param.gamma = numbers_.gamma;
  view_.nr_class = static_cast<int>(classes);
  view_.l = static_cast<int>(count);
  view_.SV = vectors_.data();
  view_.sv_coef = coefficients_.data();
  view_.rho = numbers_.offsets.data();
  view_.label = labels_.data();
  view_.nSV = of_classes_.data();
}

std::size_t SvmModel::predict(const double* row) const {
  std::vector<svm_node> nodes(static_cast<std::size_t>(numbers_.columns) + 1);
  fill_nodes(row, numbers_.columns, nodes.data());
  return static_cast<std::size_t>(svm_predict(&view_, nodes.data()));
}

}  // namespace pet::plugins
