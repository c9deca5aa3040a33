#include "plugins/pipelines/joined_columns.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace pet::plugins {
namespace {

pet_dtype common_dtype(const std::vector<XYData>& parts) {
  bool same = true;
  bool integers = true;
  for (const XYData& part : parts) {
    same = same && same_dtype(part.dtype(), parts[0].dtype());
    integers = integers && part.dtype().code != PET_DTYPE_FLOAT;
  }
  if (same) return parts[0].dtype();
  return integers ? dtype_of<std::int64_t>() : dtype_of<double>();
}

XYData converted(const XYData& from, pet_dtype dtype) {
  XYData out = XYData::empty(dtype, from.shape());
  out.visit([&](auto to) {
    using To = decltype(to);
    const std::vector<To> values = from.converted<To>();
    std::copy(values.begin(), values.end(), out.data<To>());
  });
  return out;
}

}  // namespace

void require_joinable(const std::vector<FilterChild>& filters, std::size_t place,
                      const XYData& first, const XYData& output) {
  if (output.ndim() >= 1 && output.ndim() <= 2 && output.rows() == first.rows()) return;
  throw Failure::bad_input("filters/" + std::to_string(place) + ": expected " +
                           std::to_string(first.rows()) +
                           " rows in 1 or 2 dimensions to join as columns, got " +
                           output.describe() + " from " + filters[place].class_name());
}

void unify_types(std::vector<XYData>& parts) {
  const pet_dtype dtype = common_dtype(parts);
  for (XYData& part : parts) {
    if (!same_dtype(part.dtype(), dtype)) part = converted(part, dtype);
  }
}

}  // namespace pet::plugins
