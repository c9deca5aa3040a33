// Data that nothing can be learned from, and what is said to them.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/loader/base_plugin.hpp"
#include "core/loader/pet_class.hpp"
#include "storage/error.hpp"
#include "tests/plugins/every_built_in.hpp"

namespace pet::test {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr const char* kTaken = "(taken)";

// ---- data ----

inline XYData table(std::int64_t rows, std::int64_t columns) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < rows * columns; ++i)
    values.push_back(static_cast<double>(i * i * 7 % 11));
  return XYData::mock(values, {rows, columns});
}
inline XYData good_x() { return table(12, 3); }

inline XYData labels(std::int64_t rows) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < rows; ++i) values.push_back(i * 5 % 7 % 2);
  return XYData::mock(values);
}
inline XYData good_y() { return labels(12); }
inline XYData one_class() { return XYData::mock(std::vector<std::int64_t>(12, 4)); }

inline XYData with(XYData data, std::int64_t place, double value) {
  XYData changed = XYData::mock(data.converted<double>(), data.shape());
  changed.data<double>()[place] = value;
  return changed;
}

inline XYData float16(const Shape& shape) {
  pet_tensor* tensor = XYData::empty(dtype_of<std::int16_t>(), shape).release();
  tensor->array.dtype.code = PET_DTYPE_FLOAT;
  return XYData::adopt(tensor);
}

inline XYData zeros(const Shape& shape) {
  const std::int64_t size = detail::count_elements(shape.data(), static_cast<int>(shape.size()));
  return XYData::mock(std::vector<double>(static_cast<std::size_t>(size)), shape);
}

// ---- what is said ----

template <class Action>
std::string said_by(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kPluginError);
    return error.what();
  }
  return kTaken;
}

inline bool is_metric(const std::string& name) {
  return new_subject(name).get_class().kind() == "metric";
}

}  // namespace pet::test
