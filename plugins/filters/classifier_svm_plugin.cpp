// ClassifierSVMPlugin: a support vector classifier, one class against one, by libsvm.
//
// Shapes:     fit x [n, m], y [n] or [n, 1]; predict [r, m] -> [r], of y's element type. Labels are
//             integers, bool or whole floating-point numbers.
// Parameters: kernel "linear", "poly" (of degree 3), "rbf" or "sigmoid", the latter three with gamma:
//             "scale" is 1 / (m var(x)), 1 where x does not vary; "auto" is 1 / m; or a number. C,
//             above 0, is what a wrong row costs.
// Formula:    scikit-learn's SVC, which is libsvm's C-SVC with coef0 0, tolerance 0.001, shrinking
//             and classes in ascending order. Training takes between O(n^2 m) and O(n^3 m) time, a
//             prediction O(m) for each support vector.
// Errors:     bad_params for values outside these; bad_input for NaN and infinities, zero rows or
//             columns, numbers whose products are infinite, labels that are no classes or all the
//             same, different numbers of rows in x and y, other columns than fit saw; not_fitted for
//             predict before fit.
// State:      classes, support vectors and coefficients, with the kernel that they are for.
// Needs:      the shared libsvm where it runs.
#include <cmath>
#include <cstdint>
#include <memory>
#include <pet/filter.hpp>
#include <string>
#include <utility>
#include <vector>

#include "plugins/features.hpp"
#include "plugins/filters/solver_library.hpp"
#include "plugins/filters/svm_model.hpp"
#include "plugins/labels.hpp"
#include "plugins/param_checks.hpp"
#include "plugins/row_blocks.hpp"

namespace pet::plugins {
namespace {

constexpr std::int64_t kRowsPerBlock = 64;

int parse_kernel(const std::string& kernel) {
  if (kernel == "linear") return LINEAR;
  if (kernel == "poly") return POLY;
  if (kernel == "rbf") return RBF;
  if (kernel == "sigmoid") return SIGMOID;
  throw Failure::bad_params("kernel: expected 'linear', 'poly', 'rbf' or 'sigmoid', got '" +
                            kernel + "'");
}

std::string shown(const Value& value) {
  if (value.type() == PET_TYPE_TEXT) return "'" + std::string(value.as_text()) + "'";
  if (value.type() == PET_TYPE_INT64) return std::to_string(value.as_int());
  if (value.type() == PET_TYPE_FLOAT64) return std::to_string(value.as_double());
  return type_name(value.type());
}

// The population variance of all elements together.
double variance_of(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return squares / count;
}

}  // namespace

class ClassifierSVMPlugin : public Filter<ClassifierSVMPlugin> {
 public:
  PET_DOC("Classifies by support vectors, one class against one.");
  PET_PARAM(std::string, kernel, "linear", "'linear', 'poly' (degree 3), 'rbf' or 'sigmoid'");
  PET_PARAM(double, C, 1.0, "what a wrong row costs");
  PET_PARAM(Value, gamma, "scale", "'scale', 'auto' or a number, of all kernels but linear");

  void validate() const {
    parse_kernel(kernel);
    require_above_zero("C", C);
    if (gamma.type() == PET_TYPE_TEXT && (gamma.as_text() == "scale" || gamma.as_text() == "auto"))
      return;
    const bool number = gamma.type() == PET_TYPE_INT64 || gamma.type() == PET_TYPE_FLOAT64;
    if (number && gamma.as_double() >= 0 && std::isfinite(gamma.as_double())) return;
    throw Failure::bad_params("gamma: expected 'scale', 'auto' or a number of at least 0, got " +
                              shown(gamma));
  }

  void fit(const XYData& x, const XYData& y) {
    require_matrix(x);
    require_int_sizes(x);
    require_finite(x, Missing::kRefused);
    TrainingClasses classes = read_training_classes(x, y);
    const std::vector<double> values = x.converted<double>();
    learn(train_svm(values.data(), x.columns(), classes.of_rows, classes.count,
                    parameters(gamma_for(values, x.columns()))),
          std::move(classes.labels));
  }

  XYData predict(const XYData& x) const {
    if (model_ == nullptr)
      throw Failure::not_fitted("predict before fit: there are no support vectors yet");
    const std::int64_t columns = model_->numbers().columns;
    require_matrix(x, columns);
    require_finite(x, Missing::kRefused);
    const std::vector<double> values = x.converted<double>();
    const std::vector<std::int64_t> labels = read_labels(classes_, "classes");
    std::vector<std::int64_t> answers(static_cast<std::size_t>(x.rows()));
    for_each_row_block(host(), x.rows(), kRowsPerBlock, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        answers[static_cast<std::size_t>(i)] = labels[model_->predict(values.data() + i * columns)];
      }
    });
    XYData out = make(classes_.dtype(), {x.rows()});
    write_labels(answers, out);
    return out;
  }

  void save(StateWriter& state) const {
    const SvmNumbers numbers = model_ == nullptr ? SvmNumbers() : model_->numbers();
    state.put("kernel", kernel);
    state.put("classes", classes_);
    state.put("columns", numbers.columns);
    state.put("gamma", numbers.gamma);
    state.put("support vectors", numbers.vectors);
    state.put("coefficients", numbers.coefficients);
    state.put("offsets", numbers.offsets);
    state.put("support vectors of classes", numbers.of_classes);
  }

  void load(StateReader& state) {
    const auto saved_kernel = state.get<std::string>("kernel");
    auto classes = state.get<XYData>("classes");
    SvmNumbers numbers;
    state.get("columns", numbers.columns);
    state.get("gamma", numbers.gamma);
    state.get("support vectors", numbers.vectors);
    state.get("coefficients", numbers.coefficients);
    state.get("offsets", numbers.offsets);
    state.get("support vectors of classes", numbers.of_classes);
    if (!classes) {  // saved before fit
      model_.reset();
      classes_ = XYData();
      return;
    }
    if (saved_kernel != kernel) {
      throw Failure::bad_state("expected support vectors for the kernel '" + kernel +
                               "', got those for '" + saved_kernel + "'");
    }
    read_saved_classes(classes, numbers.of_classes.size());
    learn(std::move(numbers), std::move(classes));
  }

 private:
  // Everything that can fail is done before the first field changes.
  void learn(SvmNumbers numbers, XYData classes) {
    const double chosen = numbers.gamma;
    auto model = std::make_unique<const SvmModel>(std::move(numbers), parameters(chosen));
    model_ = std::move(model);
    classes_ = std::move(classes);
  }

  double gamma_for(const std::vector<double>& values, std::int64_t columns) const {
    if (kernel == "linear") return 0;  // has none
    if (gamma.type() != PET_TYPE_TEXT) return gamma.as_double();
    if (gamma.as_text() == "auto") return 1 / static_cast<double>(columns);
    const double variance = variance_of(values);
    if (!std::isfinite(variance)) {
      throw Failure::bad_input(
          "x: its numbers are so large that their variance is infinite: scale it");
    }
    return variance == 0 ? 1 : 1 / (static_cast<double>(columns) * variance);
  }

  svm_parameter parameters(double chosen_gamma) const {
    svm_parameter out{};
    out.svm_type = C_SVC;
    out.kernel_type = parse_kernel(kernel);
    out.degree = 3;
    out.gamma = chosen_gamma;
    out.cache_size = 200;  // MB
    out.eps = 1e-3;
    out.C = C;
    out.shrinking = 1;
    return out;
  }

  std::unique_ptr<const SvmModel> model_;  // nothing before fit
  XYData classes_;                         // their labels, ascending, of y's element type
};

PET_PLUGIN(ClassifierSVMPlugin, "1")

}  // namespace pet::plugins
