// The description of a tensor is the plugin's word. For a tensor of the host's the allocation is
// known, so that a description that reaches beyond it is found; for another's only what contradicts
// itself is.
#include "core/loader/output.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <pet/tensor.hpp>
#include <string>

#include "core/loader/failure_text.hpp"
#include "core/loader/host_memory.hpp"
#include "core/loader/tensor_block.hpp"

namespace pet {
namespace {

// Where a tensor's elements lie, in bytes from data + byte_offset: [low, high). Nothing: a
// dimension is negative, or the numbers overflow. Empty tensors span nothing.
struct Span {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

std::optional<Span> span_of(const pet_array& array, const std::int64_t* strides,
                            std::int64_t element) noexcept {
  Span span{0, element};
  bool empty = false;
  for (std::int32_t i = 0; i < array.ndim; ++i) {
    const std::int64_t extent = array.shape[i];
    if (extent < 0) return std::nullopt;
    if (extent == 0) {
      empty = true;
      continue;
    }
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(extent - 1, strides[i], &reach) ||
        __builtin_mul_overflow(reach, element, &reach)) {
      return std::nullopt;
    }
    std::int64_t& end = reach < 0 ? span.low : span.high;
    if (__builtin_add_overflow(end, reach, &end)) return std::nullopt;
  }
  return empty ? Span{} : span;
}

bool lies_inside(const pet_array& array, const Span& span, TensorBlock& block) noexcept {
  const auto* data = static_cast<const char*>(array.data);
  const std::int64_t shift = data - block.data();
  std::int64_t begin = 0;
  std::int64_t low = 0;
  std::int64_t high = 0;
  return !__builtin_add_overflow(shift, static_cast<std::int64_t>(array.byte_offset), &begin) &&
         !__builtin_add_overflow(begin, span.low, &low) && low >= 0 &&
         !__builtin_add_overflow(begin, span.high, &high) &&
         high <= static_cast<std::int64_t>(block.bytes);
}

// What is wrong with the description itself, or "".
std::string contradiction_in(const pet_tensor& tensor) {
  const pet_array& array = tensor.array;
  if (tensor.version.major != 1) {
    return "returned a tensor of DLPack " + std::to_string(tensor.version.major) + "; expected 1";
  }
  if (array.device.device_type != PET_DEVICE_CPU) {
    return "returned a tensor on device type " + std::to_string(array.device.device_type) +
           "; expected 1, the CPU";
  }
  if (array.ndim < 0 || array.ndim > kMaxDimensions) {
    return "returned a tensor of " + std::to_string(array.ndim) + " dimensions; expected 0 to " +
           std::to_string(kMaxDimensions);
  }
  if (array.ndim > 0 && array.shape == nullptr) return "returned a tensor without a shape";
  if (element_size(array.dtype) == 0) {
    return "returned elements of " + dtype_name(array.dtype) +
           "; expected int or uint of 8 to 64 bits, float of 16 to 64, or bool of 8";
  }
  for (std::int32_t i = 0; i < array.ndim; ++i) {
    if (array.shape[i] < 0) {
      return "returned a tensor of the shape " + shape_text(array.shape, array.ndim) +
             "; expected no negative dimension";
    }
  }
  return {};
}

std::string described(const pet_array& array) {
  return dtype_name(array.dtype) + " " + shape_text(array.shape, array.ndim);
}

// The element at every index in row-major order, byte by byte into `to`.
void copy_elements(const pet_array& from, const std::int64_t* strides, std::size_t element,
                   char* to) {
  const auto* data = static_cast<const char*>(from.data) + from.byte_offset;
  std::int64_t index[kMaxDimensions] = {};
  for (;;) {
    std::int64_t offset = 0;
    for (std::int32_t i = 0; i < from.ndim; ++i) offset += index[i] * strides[i];
    std::memcpy(to, data + offset * static_cast<std::int64_t>(element), element);
    to += element;
    std::int32_t dimension = from.ndim - 1;
    while (dimension >= 0 && ++index[dimension] == from.shape[dimension]) index[dimension--] = 0;
    if (dimension < 0) return;
  }
}

// A copy of a tensor that does not contradict itself.
pet_status copy_tensor(const pet_tensor& from, pet_tensor** out, pet_failure* failure) {
  const pet_array& array = from.array;
  const std::int64_t count = detail::count_elements(array.shape, array.ndim);
  pet_tensor* copy = count < 0 ? nullptr : host_tensor_new(array.dtype, array.ndim, array.shape);
  if (copy == nullptr) {
    return report(failure, PET_OUT_OF_MEMORY,
                  "no memory for a copy of the returned " + described(array));
  }
  if (count > 0 && array.data == nullptr) {
    copy->deleter(copy);
    return report(failure, PET_FAILED, "returned " + described(array) + " without data");
  }
  if (count > 0) {
    const std::int64_t* strides = array.strides != nullptr ? array.strides : copy->array.strides;
    const std::size_t element = element_size(array.dtype);
    auto* to = static_cast<char*>(copy->array.data);
    if (detail::is_row_major(array)) {
      std::memcpy(to, static_cast<const char*>(array.data) + array.byte_offset,
                  static_cast<std::size_t>(count) * element);
    } else {
      copy_elements(array, strides, element, to);
    }
  }
  *out = copy;
  return PET_OK;
}

// For a tensor of the host's that is not sound: its arrays may be the plugin's, its elements may
// not lie elsewhere.
pet_status accept_host_tensor(pet_tensor& tensor, pet_tensor** out, pet_failure* failure) {
  const pet_array& array = tensor.array;
  TensorBlock& block = *TensorBlock::of(&tensor);
  std::int64_t row_major[kMaxDimensions];
  const std::int64_t* strides = array.strides;
  if (strides == nullptr) {
    if (detail::count_elements(array.shape, array.ndim) < 0) {
      return report(failure, PET_FAILED,
                    "returned " + described(array) + ", which no memory can hold");
    }
    detail::fill_row_major(row_major, array.shape, array.ndim);
    strides = row_major;
  }
  const auto span = span_of(array, strides, static_cast<std::int64_t>(element_size(array.dtype)));
  if (span && lies_inside(array, *span, block)) return copy_tensor(tensor, out, failure);
  return report(failure, PET_FAILED,
                "returned " + described(array) + ", which reaches beyond the " +
                    std::to_string(block.bytes) + " bytes that it allocated");
}

}  // namespace

bool is_sound_host_tensor(const pet_tensor* tensor) noexcept {
  TensorBlock& block = *TensorBlock::of(tensor);
  const pet_array& array = tensor->array;
  const std::size_t element = element_size(array.dtype);
  if (element == 0 || array.ndim < 0 || array.ndim > block.ndim || array.shape != block.shape() ||
      array.strides != block.strides() || array.device.device_type != PET_DEVICE_CPU ||
      tensor->version.major != 1) {
    return false;
  }
  const auto span = span_of(array, array.strides, static_cast<std::int64_t>(element));
  return span && lies_inside(array, *span, block);
}

pet_status accept_output(const pet_tensor* input, pet_tensor** out, pet_failure* failure) noexcept {
  pet_tensor* const answer = *out;
  if (answer == nullptr) {
    return report(failure, PET_FAILED, "returned nothing; expected a tensor");
  }
  const bool borrowed = answer == input || answer->deleter == nullptr;
  const bool ours = !borrowed && is_host_tensor(answer);
  if (ours && is_sound_host_tensor(answer)) return PET_OK;
  *out = nullptr;
  const pet_status status = guarded_service(failure, [&]() -> pet_status {
    const std::string contradiction = contradiction_in(*answer);
    if (!contradiction.empty()) return report(failure, PET_FAILED, contradiction);
    return ours ? accept_host_tensor(*answer, out, failure) : copy_tensor(*answer, out, failure);
  });
  if (!borrowed) answer->deleter(answer);
  return status;
}

}  // namespace pet
