// TensorBlock: how a tensor of the host's lies in memory. (Inside core/loader only.)
//
//   pet_tensor · what the host knows of it · shape · strides · padding to 64 bytes · data
#pragma once

#include <pet/abi.h>

#include <cstddef>
#include <cstdint>

namespace pet {

// The deleter of the host's tensors, which tells them from others.
void delete_host_tensor(pet_tensor* tensor) noexcept;

inline bool is_host_tensor(const pet_tensor* tensor) noexcept {
  return tensor != nullptr && tensor->deleter == delete_host_tensor;
}

struct TensorBlock {
  static constexpr std::size_t kAlignment = 64;

  pet_tensor tensor;    // first: the address of one is the address of the other
  std::uint64_t bytes;  // of data
  std::uint16_t size_class;
  std::uint16_t ndim;  // that shape and strides have room for
  pet_dtype dtype;     // as it was made

  static TensorBlock* of(const pet_tensor* tensor) noexcept {
    return reinterpret_cast<TensorBlock*>(const_cast<pet_tensor*>(tensor));
  }

  std::int64_t* shape() noexcept { return reinterpret_cast<std::int64_t*>(this + 1); }
  std::int64_t* strides() noexcept { return shape() + ndim; }
  char* data() noexcept { return reinterpret_cast<char*>(this) + data_offset(ndim); }

  // Whether the tensor still describes its whole self, row-major, as it was made: what nearly every
  // answer does, and quick to see. REQUIRES: the host made it.
  bool is_as_made() noexcept {
    const pet_array& array = tensor.array;
    if (array.data != data() || array.byte_offset != 0 || array.ndim != ndim ||
        array.shape != shape() || array.strides != strides() || array.dtype.code != dtype.code ||
        array.dtype.bits != dtype.bits || array.dtype.lanes != dtype.lanes ||
        array.device.device_type != PET_DEVICE_CPU || tensor.version.major != 1) {
      return false;
    }
    std::uint64_t step = 1;
    for (std::int32_t i = array.ndim - 1; i >= 0; --i) {
      const auto extent = static_cast<std::uint64_t>(array.shape[i]);
      if (static_cast<std::uint64_t>(array.strides[i]) != step) return false;
      if (extent == 0 || __builtin_mul_overflow(step, extent, &step)) return false;
    }
    return !__builtin_mul_overflow(step, std::uint64_t{dtype.bits} / 8, &step) && step <= bytes;
  }

  static constexpr std::size_t data_offset(std::int32_t ndim) noexcept {
    const std::size_t head =
        sizeof(TensorBlock) + 2 * static_cast<std::size_t>(ndim) * sizeof(std::int64_t);
    return (head + kAlignment - 1) / kAlignment * kAlignment;
  }
};

}  // namespace pet
