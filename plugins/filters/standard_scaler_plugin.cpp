// StandardScalerPlugin: (x - mean) / scale, column by column.
//
// Shapes:     fit x [n, m]; predict [n, m] -> [n, m]. float32 stays float32, all else becomes
//             float64.
// Parameters: none.
// Formula:    scikit-learn's StandardScaler(): population variance, scale 1 for constant columns.
// NaN:        a missing value: fit leaves it out, predict keeps it. A column of nothing but NaN
//             stays NaN.
// Errors:     bad_input for infinities, numbers whose sums are infinite, zero rows or columns, data
//             that is not 2-D, and other columns than fit saw; not_fitted for predict before fit.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <pet/filter.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "plugins/features.hpp"
#include "plugins/filters/column_moments.hpp"

namespace pet::plugins {
namespace {

// The number's bits as an integer of its width; 0 for what cannot be infinite.
template <class T>
auto bits_of(T value) {
  std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t> bits = 0;
  if constexpr (std::is_floating_point_v<T>) std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// The top bit is set exactly where the number with these bits is infinite: without its sign it has
// the exponent's bits and no others then. Not by comparison, of which plain x86-64 makes no vectors.
template <class T, class Bits>
Bits infinite_bit(Bits bits) {
  constexpr int kFraction = std::numeric_limits<T>::digits;  // counted from the lost sign
  const Bits rest = (bits << 1) ^ (~Bits{0} << kFraction);
  return (rest - 1) & ~rest;
}

// out = (x - mean) / scale, rounded to Out after each step as scikit-learn's in-place operations
// are. True when an element was infinite.
template <class In, class Out>
bool standardise(const In* in, std::int64_t count, const double* mean, const double* scale,
                 Out* out) {
  decltype(bits_of(In{})) infinite = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if constexpr (std::is_floating_point_v<In>) infinite |= infinite_bit<In>(bits_of(in[i]));
    const Out centred = static_cast<Out>(static_cast<double>(in[i]) - mean[i]);
    out[i] = static_cast<Out>(static_cast<double>(centred) / scale[i]);
  }
  return infinite >> (8 * sizeof infinite - 1) != 0;
}

// `values` over and over, `times` times: few columns become one long loop.
std::vector<double> repeated(const std::vector<double>& values, std::int64_t times) {
  std::vector<double> out;
  out.reserve(values.size() * static_cast<std::size_t>(times));
  for (std::int64_t i = 0; i < times; ++i) out.insert(out.end(), values.begin(), values.end());
  return out;
}

}  // namespace

class StandardScalerPlugin : public Filter<StandardScalerPlugin> {
 public:
  PET_DOC("Removes the mean of every column and scales it to unit variance.");

  void fit(const XYData& x, const XYData&) {
    require_matrix(x);
    require_finite(x, Missing::kAllowed);
    ColumnMoments moments = column_moments(x);
    std::vector<double> scale = moments.scale();
    for (std::size_t j = 0; j < scale.size(); ++j) {
      if (is_fitted_column(moments.mean[j], scale[j])) continue;
      throw Failure::bad_input(
          "x: its numbers are so large that sums of them are infinite: scale it");
    }
    mean_ = std::move(moments.mean);
    scale_ = std::move(scale);
  }

  XYData predict(const XYData& x) const {
    if (mean_.empty()) throw Failure::not_fitted("predict before fit: the means are not known yet");
    require_matrix(x, static_cast<std::int64_t>(mean_.size()));
    XYData out = x.is<float>() ? make<float>(x.shape()) : make<double>(x.shape());
    bool infinite = false;
    x.visit([&](auto sample) {
      using In = decltype(sample);
      using Out = std::conditional_t<std::is_same_v<In, float>, float, double>;
      infinite = standardise_rows<In, Out>(x.matrix<In>(), out.data<Out>());
    });
    if (infinite) require_finite(x, Missing::kAllowed);  // says where
    return out;
  }

  void save(StateWriter& state) const {
    state.put("mean", mean_);
    state.put("scale", scale_);
  }

  void load(StateReader& state) {
    auto mean = state.get<std::vector<double>>("mean");
    auto scale = state.get<std::vector<double>>("scale");
    if (scale.size() != mean.size()) {
      throw Failure::bad_state("expected " + std::to_string(mean.size()) + " scales, got " +
                               std::to_string(scale.size()));
    }
    for (std::size_t j = 0; j < mean.size(); ++j) {
      if (is_fitted_column(mean[j], scale[j])) continue;
      throw Failure::bad_state("column " + std::to_string(j) +
                               ": expected a finite mean and a scale above 0, got mean " +
                               std::to_string(mean[j]) + ", scale " + std::to_string(scale[j]));
    }
    mean_ = std::move(mean);
    scale_ = std::move(scale);
  }

 private:
  // NaN are those of a column of nothing but NaN.
  static bool is_fitted_column(double mean, double scale) {
    if (std::isnan(mean)) return std::isnan(scale);
    return std::isfinite(mean) && std::isfinite(scale) && scale > 0;
  }

  template <class In, class Out>
  bool standardise_rows(const MatrixView<const In>& in, Out* out) const {
    if (in.is_contiguous()) return standardise_block<In, Out>(in.data(), in.rows(), out);
    bool infinite = false;
    const auto row =
        std::make_unique<In[]>(mean_.size());  // std::vector<bool> has no elements to point at
    for (std::int64_t i = 0; i < in.rows(); ++i) {
      for (std::int64_t j = 0; j < in.columns(); ++j) row[static_cast<std::size_t>(j)] = in(i, j);
      infinite |=
          standardise(row.get(), in.columns(), mean_.data(), scale_.data(), out + i * in.columns());
    }
    return infinite;
  }

  // Rows without gaps are one run of elements; it is cut into pieces of several rows when rows are
  // short.
  template <class In, class Out>
  bool standardise_block(const In* in, std::int64_t rows, Out* out) const {
    const auto columns = static_cast<std::int64_t>(mean_.size());
    const std::int64_t rows_at_once = std::min(rows, std::max<std::int64_t>(1, 256 / columns));
    const std::vector<double> means = repeated(mean_, rows_at_once);
    const std::vector<double> scales = repeated(scale_, rows_at_once);
    bool infinite = false;
    for (std::int64_t i = 0; i < rows; i += rows_at_once) {
      const std::int64_t count = std::min(rows_at_once, rows - i) * columns;
      infinite |=
          standardise(in + i * columns, count, means.data(), scales.data(), out + i * columns);
    }
    return infinite;
  }

  std::vector<double> mean_;   // of every column; empty before fit
  std::vector<double> scale_;  // what every column is divided by
};

PET_PLUGIN(StandardScalerPlugin, "1")

}  // namespace pet::plugins
