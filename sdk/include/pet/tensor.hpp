// Element types, shapes and own allocations of tensors: what pet/xydata.hpp is made of.
//
// Authors use XYData; this header is for code that fills or reads a pet_tensor by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "pet/abi.h"
#include "pet/failure.hpp"

namespace pet {

using Shape = std::vector<std::int64_t>;

// The element type of a C++ type: bool, the sized integers, float, double.
template <class T>
constexpr pet_dtype dtype_of() {
  static_assert(std::is_arithmetic_v<T> && sizeof(T) <= 8,
                "an element is bool, an integer, float or double");
  constexpr auto bits = static_cast<std::uint8_t>(sizeof(T) * 8);
  if constexpr (std::is_same_v<T, bool>) {
    return {PET_DTYPE_BOOL, bits, 1};
  } else if constexpr (std::is_floating_point_v<T>) {
    return {PET_DTYPE_FLOAT, bits, 1};
  } else {
    return {std::is_signed_v<T> ? PET_DTYPE_INT : PET_DTYPE_UINT, bits, 1};
  }
}

constexpr bool same_dtype(pet_dtype a, pet_dtype b) noexcept {
  return a.code == b.code && a.bits == b.bits && a.lanes == b.lanes;
}

// "float64", "int32", "uint8", "bool"; "dtype(3,16,1)" for what the SDK has no name for.
inline std::string dtype_name(pet_dtype dtype) {
  const std::string bits = std::to_string(dtype.bits);
  if (dtype.lanes == 1) {
    switch (dtype.code) {
      case PET_DTYPE_INT:
        return "int" + bits;
      case PET_DTYPE_UINT:
        return "uint" + bits;
      case PET_DTYPE_FLOAT:
        return "float" + bits;
      case PET_DTYPE_BOOL:
        return "bool";
      default:
        break;
    }
  }
  return "dtype(" + std::to_string(dtype.code) + "," + bits + "," + std::to_string(dtype.lanes) +
         ")";
}

// Bytes of one element.
constexpr std::size_t item_size(pet_dtype dtype) noexcept {
  return (static_cast<std::size_t>(dtype.bits) * dtype.lanes + 7) / 8;
}

// "[45, 4]"
inline std::string shape_text(const std::int64_t* shape, std::int32_t ndim) {
  std::string text = "[";
  for (std::int32_t i = 0; i < ndim; ++i) {
    if (i != 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

namespace detail {

// The number of elements, or -1 when a dimension is negative or the product overflows.
inline std::int64_t count_elements(const std::int64_t* shape, std::int32_t ndim) noexcept {
  std::int64_t count = 1;
  bool empty = false;
  bool too_large = false;
  for (std::int32_t i = 0; i < ndim; ++i) {
    if (shape[i] < 0) return -1;
    if (shape[i] == 0) {
      empty = true;
    } else {
      too_large |= __builtin_mul_overflow(count, shape[i], &count);
    }
  }
  if (too_large) return -1;
  return empty ? 0 : count;
}

inline void fill_row_major(std::int64_t* strides, const std::int64_t* shape,
                           std::int32_t ndim) noexcept {
  std::int64_t step = 1;
  for (std::int32_t i = ndim - 1; i >= 0; --i) {
    strides[i] = step;
    step *= shape[i] == 0 ? 1 : shape[i];
  }
}

inline bool is_row_major(const pet_array& array) noexcept {
  if (array.strides == nullptr) return true;
  std::int64_t step = 1;
  for (std::int32_t i = array.ndim - 1; i >= 0; --i) {
    if (array.shape[i] == 0) return true;
    if (array.shape[i] != 1 && array.strides[i] != step) return false;
    step *= array.shape[i];
  }
  return true;
}

inline constexpr std::size_t kAlignment = 64;

// What XYData's walks have room for on the stack; a host refuses more as well.
inline constexpr std::int32_t kMaxDims = 32;

inline void require_dims(std::size_t ndim) {
  if (ndim <= static_cast<std::size_t>(kMaxDims)) return;
  throw Failure::bad_input("expected at most " + std::to_string(kMaxDims) + " dimensions, got " +
                           std::to_string(ndim));
}

// Deletes what new_tensor() made. Its address also tells such tensors from the host's.
inline void delete_tensor(pet_tensor* tensor) { std::free(tensor); }

// Header, shape, strides and `data_bytes` bytes of data in one allocation. With no data, the caller
// sets array.data and sees to it that what it points to lives long enough.
inline pet_tensor* new_tensor(pet_dtype dtype, std::int32_t ndim, const std::int64_t* shape,
                              std::size_t data_bytes) {
  const auto dims = static_cast<std::size_t>(ndim);
  require_dims(dims);
  const auto rounded = [](std::size_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  };
  const std::size_t head = rounded(sizeof(pet_tensor) + 2 * dims * sizeof(std::int64_t));
  if (data_bytes > std::numeric_limits<std::size_t>::max() / 2) throw std::bad_alloc();
  void* memory = std::aligned_alloc(kAlignment, head + rounded(data_bytes));
  if (memory == nullptr) throw std::bad_alloc();
  auto* tensor = new (memory) pet_tensor{};
  tensor->version = {1, 0};
  tensor->deleter = delete_tensor;
  tensor->array.device = {PET_DEVICE_CPU, 0};
  tensor->array.ndim = ndim;
  tensor->array.dtype = dtype;
  tensor->array.shape = reinterpret_cast<std::int64_t*>(tensor + 1);
  tensor->array.strides = tensor->array.shape + dims;
  for (std::size_t i = 0; i < dims; ++i) tensor->array.shape[i] = shape[i];
  fill_row_major(tensor->array.strides, shape, ndim);
  if (data_bytes != 0) tensor->array.data = static_cast<char*>(memory) + head;
  return tensor;
}

inline pet_tensor* new_tensor(pet_dtype dtype, const Shape& shape) {
  require_dims(shape.size());
  const auto ndim = static_cast<std::int32_t>(shape.size());
  const std::int64_t count = count_elements(shape.data(), ndim);
  if (count < 0) {
    throw Failure::bad_input("a tensor cannot have the shape " + shape_text(shape.data(), ndim));
  }
  const auto elements = static_cast<std::uint64_t>(count);
  if (elements > std::numeric_limits<std::size_t>::max() / 32) throw std::bad_alloc();
  // An empty tensor still gets one element's room, so that data is never null.
  const std::size_t bytes = (elements == 0 ? 1 : elements) * item_size(dtype);
  return new_tensor(dtype, ndim, shape.data(), bytes);
}

}  // namespace detail
}  // namespace pet
