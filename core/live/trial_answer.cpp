#include "core/live/trial_answer.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace pet::trial {
namespace {

// Wide enough for every int64 and float64 on x86-64; elsewhere large integers are compared as float64.
using Number = long double;

bool is_float(const XYData& data) { return data.is<double>() || data.is<float>(); }

// Which element is the first that is no finite number; nothing where all are, or elements have no such.
std::optional<std::size_t> first_not_finite(const std::vector<Number>& values) {
  const auto found = std::find_if(values.begin(), values.end(),
                                  [](Number value) { return !std::isfinite(value); });
  if (found == values.end()) return std::nullopt;
  return static_cast<std::size_t>(found - values.begin());
}

std::vector<Number> numbers_of(const XYData& data) { return data.converted<Number>(); }

// "[3, 1]": the place of an element among the others.
std::string place_of(std::size_t index, const Shape& shape) {
  Shape place(shape.size());
  auto rest = static_cast<std::int64_t>(index);
  for (std::size_t i = shape.size(); i-- > 0;) {
    place[i] = rest % shape[i];
    rest /= shape[i];
  }
  return shape_text(place.data(), static_cast<std::int32_t>(place.size()));
}

std::string text_of(Number value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.12Lg", value);
  return text;
}

// As numpy.allclose: NaN is near NaN here, since the current version answers it too.
bool is_near(Number value, Number wanted, double tolerance) {
  if (value == wanted || (std::isnan(value) && std::isnan(wanted))) return true;
  return std::isfinite(value) && std::isfinite(wanted) &&
         std::fabs(value - wanted) <= tolerance * (1 + std::fabs(wanted));
}

std::string fault_of_shape(const XYData& answer, const XYData& sample, const XYData* expected) {
  const Shape shape = answer.shape();
  if (expected == nullptr) {
    const bool is_empty = answer.size() == 0 && sample.size() != 0;
    return is_empty ? "expected an answer, got " + answer.describe() : "";
  }
  Shape wanted = expected->shape();
  // Rows are the input's only where the current version's are.
  if (!wanted.empty() && !shape.empty() && wanted[0] != sample.rows() && shape[0] != 0) {
    wanted[0] = shape[0];
  }
  if (same_dtype(answer.dtype(), expected->dtype()) && shape == wanted) return "";
  return "expected " + expected->describe() + " as from the current version, got " +
         answer.describe();
}

// `wanted` are as many as `values`, or none.
std::string fault_of_values(const XYData& answer, const std::vector<Number>& values,
                            const std::vector<Number>& wanted, const AnswerRules& rules) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool finite = std::isfinite(values[i]);
    if (!finite && (wanted.empty() || std::isfinite(wanted[i]))) {
      return "expected finite numbers, got " + text_of(values[i]) + " at " +
             place_of(i, answer.shape());
    }
    if (wanted.empty() || !rules.tolerance || is_near(values[i], wanted[i], *rules.tolerance))
      continue;
    return "expected " + text_of(wanted[i]) + " at " + place_of(i, answer.shape()) +
           ", as from the current version, got " + text_of(values[i]) + ", further away than " +
           text_of(*rules.tolerance) + " allows";
  }
  return "";
}

// Of a type that is known, with elements to look at.
bool has_numbers(const XYData& data) {
  try {
    data.visit([](auto) {});
    return data.size() != 0;
  } catch (const Failure&) {
    return false;
  }
}

}  // namespace

std::string fault_of(const XYData& answer, const XYData& sample, const XYData* expected,
                     const AnswerRules& rules) {
  if (expected != nullptr && !*expected) expected = nullptr;
  if (!answer) return "expected an answer, got nothing";
  const std::string fault = fault_of_shape(answer, sample, expected);
  if (!fault.empty() || !has_numbers(answer)) return fault;
  // Another number of rows than expected, where that may differ: no element has a counterpart.
  const bool comparable = expected != nullptr && expected->shape() == answer.shape();
  std::vector<Number> wanted = comparable ? numbers_of(*expected) : std::vector<Number>();
  if (!comparable) {
    const XYData& like = expected != nullptr ? *expected : sample;
    const bool may_not_be = is_float(like) && first_not_finite(numbers_of(like)).has_value();
    if (!is_float(answer) || may_not_be) return "";
  }
  return fault_of_values(answer, numbers_of(answer), wanted, rules);
}

}  // namespace pet::trial
