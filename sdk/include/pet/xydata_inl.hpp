// The longer members of pet::XYData. Included by pet/xydata.hpp; never by itself.
#pragma once

#include "pet/xydata.hpp"

namespace pet {

inline void XYData::fail_nothing() { throw Failure::bad_input("expected data, got nothing"); }

inline void XYData::fail_read_only() const {
  throw Failure::bad_input(describe() +
                           " is read-only: read it through a const XYData, or clone() it");
}

inline void XYData::fail_type(pet_dtype expected) const {
  throw Failure::bad_input("expected " + dtype_name(expected) + ", got " + describe());
}

inline void XYData::fail_strides() const {
  throw Failure::bad_input("expected row-major data without gaps, got " + describe() +
                           " with strides " + shape_text(array().strides, ndim()) +
                           ": use matrix() or clone()");
}

inline void XYData::fail_dimensions() const {
  throw Failure::bad_input("expected at most 2 dimensions, got " + describe());
}

inline void XYData::check(const pet_tensor& tensor) {
  const pet_array& array = tensor.array;
  const char* wrong = nullptr;
  if (tensor.version.major != 1) {
    wrong = "its version is not 1.x";
  } else if (array.device.device_type != PET_DEVICE_CPU) {
    wrong = "its data is not on the CPU";
  } else if (array.ndim < 0 || array.ndim > kMaxDims ||
             (array.ndim > 0 && array.shape == nullptr)) {
    wrong = "it has no valid shape";
  } else if (array.dtype.lanes != 1 || array.dtype.bits == 0 || array.dtype.bits % 8 != 0) {
    wrong = "its elements are packed or vectors";
  } else {
    const std::int64_t count = detail::count_elements(array.shape, array.ndim);
    if (count < 0) wrong = "its shape is negative or too large";
    if (count > 0 && array.data == nullptr) wrong = "its data is missing";
  }
  if (wrong != nullptr) throw Failure::bad_input(std::string("malformed tensor: ") + wrong);
}

inline XYData XYData::look(std::int64_t begin, std::int64_t end) const {
  const pet_array& from = array();
  pet_tensor* tensor = detail::new_tensor(from.dtype, from.ndim, from.shape, 0);
  const Shape steps = strides();
  std::copy(steps.begin(), steps.end(), tensor->array.strides);
  tensor->flags = PET_TENSOR_READ_ONLY;
  tensor->array.data = from.data;
  tensor->array.byte_offset = from.byte_offset;
  if (from.ndim > 0) {
    tensor->array.shape[0] = end - begin;
    const std::int64_t skipped =
        begin * steps[0] * static_cast<std::int64_t>(item_size(from.dtype));
    tensor->array.data = static_cast<char*>(from.data) + skipped;
  }
  return owner(tensor);
}

inline void XYData::copy_to(void* out) const {
  auto* to = static_cast<char*>(out);
  const std::size_t step = item_size(dtype());
  const char* from = raw_data();
  if (is_contiguous()) {
    if (size() != 0) std::memcpy(to, from, static_cast<std::size_t>(size()) * step);
    return;
  }
  for_each_offset([&](std::int64_t offset) {
    std::memcpy(to, from + offset * static_cast<std::int64_t>(step), step);
    to += step;
  });
}

template <class T, class Values>
XYData XYData::mock_from(const Values& values, const Shape& shape) {
  const std::int64_t count =
      detail::count_elements(shape.data(), static_cast<std::int32_t>(shape.size()));
  if (count != static_cast<std::int64_t>(values.size())) {
    throw Failure::bad_input("mock: " + std::to_string(values.size()) +
                             " values do not fill the shape " +
                             shape_text(shape.data(), static_cast<std::int32_t>(shape.size())));
  }
  XYData out = empty(dtype_of<T>(), shape);
  std::copy(values.begin(), values.end(), out.first<T>());
  return out;
}

template <class T>
T* XYData::element(std::initializer_list<std::int64_t> index) const {
  require_type<T>();
  std::int64_t offset = 0;
  std::int32_t dimension = 0;
  bool inside = static_cast<std::int32_t>(index.size()) == ndim();
  for (auto i = index.begin(); inside && i != index.end(); ++i, ++dimension) {
    inside = *i >= 0 && *i < array().shape[dimension];
    if (inside) offset += *i * stride(dimension);
  }
  if (inside) return first<T>() + offset;
  throw Failure::bad_input("no element " +
                           shape_text(index.begin(), static_cast<std::int32_t>(index.size())) +
                           " in " + describe());
}

template <class F>
void XYData::for_each_offset(F&& f) const {
  const std::int64_t count = size();
  if (is_contiguous()) {
    for (std::int64_t i = 0; i < count; ++i) f(i);
    return;
  }
  const Shape steps = strides();
  std::int64_t index[kMaxDims] = {};
  std::int64_t offset = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    f(offset);
    for (std::int32_t d = ndim() - 1; d >= 0; --d) {
      const auto at = static_cast<std::size_t>(d);
      offset += steps[at];
      if (++index[d] < array().shape[d]) break;
      offset -= index[d] * steps[at];
      index[d] = 0;
    }
  }
}

template <class F>
void XYData::visit(F&& f) const {
  const auto matches = [&](auto sample) {
    if (!is<decltype(sample)>()) return false;
    f(sample);
    return true;
  };
  const bool known = matches(double{}) || matches(std::int64_t{}) || matches(float{}) ||
                     matches(std::int32_t{}) || matches(bool{}) || matches(std::uint8_t{}) ||
                     matches(std::int8_t{}) || matches(std::int16_t{}) ||
                     matches(std::uint16_t{}) || matches(std::uint32_t{}) ||
                     matches(std::uint64_t{});
  if (!known) throw Failure::bad_input("expected numbers, got " + describe());
}

inline XYData XYData::take_rows(const std::int64_t* indices, std::size_t count) const {
  if (ndim() == 0) throw Failure::bad_input("expected rows, got " + describe());
  Shape taken = shape();
  taken[0] = static_cast<std::int64_t>(count);
  XYData out = empty(dtype(), taken);
  char* to = out.raw_data();
  const std::size_t row_bytes = static_cast<std::size_t>(columns()) * item_size(dtype());
  const std::int64_t step = stride(0) * static_cast<std::int64_t>(item_size(dtype()));
  const bool plain = is_contiguous();
  for (std::size_t i = 0; i < count; ++i, to += row_bytes) {
    if (indices[i] < 0 || indices[i] >= rows()) {
      throw Failure::bad_input("no row " + std::to_string(indices[i]) + " in " + describe());
    }
    if (plain) {
      if (row_bytes != 0) std::memcpy(to, raw_data() + indices[i] * step, row_bytes);
    } else {
      look(indices[i], indices[i] + 1).copy_to(to);
    }
  }
  return out;
}

inline pet_dtype XYData::concat_dtype(const std::vector<XYData>& parts) {
  if (parts.empty())
    throw Failure::bad_input("concat_columns: expected at least one part, got none");
  for (const XYData& part : parts) {
    if (same_dtype(part.dtype(), parts[0].dtype())) continue;
    throw Failure::bad_input("concat_columns: expected " + dtype_name(parts[0].dtype()) + ", got " +
                             part.describe());
  }
  return parts[0].dtype();
}

inline Shape XYData::concat_shape(const std::vector<XYData>& parts) {
  if (parts.empty())
    throw Failure::bad_input("concat_columns: expected at least one part, got none");
  std::int64_t columns = 0;
  for (const XYData& part : parts) {
    if (part.ndim() < 1 || part.ndim() > 2 || part.rows() != parts[0].rows()) {
      throw Failure::bad_input("concat_columns: expected " + std::to_string(parts[0].rows()) +
                               " rows in 1 or 2 dimensions, got " + part.describe());
    }
    columns += part.columns();
  }
  return {parts[0].rows(), columns};
}

inline void XYData::concat_columns(const std::vector<XYData>& parts, XYData& out) {
  const pet_dtype dtype = concat_dtype(parts);
  if (!same_dtype(out.dtype(), dtype) || out.shape() != concat_shape(parts) ||
      !out.is_contiguous()) {
    throw Failure::bad_input("concat_columns: " + out.describe() + " does not fit the parts");
  }
  const std::size_t step = item_size(dtype);
  const std::size_t out_row = static_cast<std::size_t>(out.columns()) * step;
  char* to = out.raw_data();
  for (const XYData& part : parts) {
    const std::size_t part_row = static_cast<std::size_t>(part.columns()) * step;
    const XYData packed = part.is_contiguous() ? part.view() : part.clone();
    const char* from = packed.raw_data();
    for (std::int64_t i = 0; i < part.rows() && part_row != 0; ++i) {
      std::memcpy(to + static_cast<std::size_t>(i) * out_row,
                  from + static_cast<std::size_t>(i) * part_row, part_row);
    }
    to += part_row;
  }
}

template <class F>
void XYData::for_each_chunk(F&& f) const {
  constexpr char kTag[] = "pet.xydata/1";
  char head[sizeof kTag + 8 + 8 * kMaxDims];
  std::memcpy(head, kTag, sizeof kTag);
  std::size_t size_so_far = sizeof kTag;
  const auto append = [&](std::uint64_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) head[size_so_far++] = static_cast<char>(number >> (8 * i));
  };
  append(dtype().code, 1);
  append(dtype().bits, 1);
  append(0, 2);
  append(static_cast<std::uint64_t>(ndim()), 4);
  for (std::int32_t i = 0; i < ndim(); ++i) append(static_cast<std::uint64_t>(array().shape[i]), 8);
  f(static_cast<const void*>(head), size_so_far);

  const std::size_t step = item_size(dtype());
  if (is_contiguous()) {
    if (size() != 0)
      f(static_cast<const void*>(raw_data()), static_cast<std::size_t>(size()) * step);
    return;
  }
  char buffer[4096];
  std::size_t used = 0;
  for_each_offset([&](std::int64_t offset) {
    if (used + step > sizeof buffer) f(static_cast<const void*>(buffer), std::exchange(used, 0));
    std::memcpy(buffer + used, raw_data() + offset * static_cast<std::int64_t>(step), step);
    used += step;
  });
  if (used != 0) f(static_cast<const void*>(buffer), used);
}

}  // namespace pet
