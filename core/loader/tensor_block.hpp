// TensorBlock: how a tensor of the host's lies in memory. (Inside core/loader only.)
//
//   pet_tensor · what the host knows of it · shape · strides · padding to 64 bytes · data
#pragma once

#include <cstddef>
#include <cstdint>

#include <pet/abi.h>

namespace pet {

struct TensorBlock {
  static constexpr std::size_t kAlignment = 64;

  pet_tensor tensor;    // first: the address of one is the address of the other
  std::uint64_t bytes;  // of data
  std::uint32_t size_class;
  std::int32_t ndim;  // that shape and strides have room for

  static TensorBlock* of(const pet_tensor* tensor) noexcept {
    return reinterpret_cast<TensorBlock*>(const_cast<pet_tensor*>(tensor));
  }

  std::int64_t* shape() noexcept { return reinterpret_cast<std::int64_t*>(this + 1); }
  std::int64_t* strides() noexcept { return shape() + ndim; }
  char* data() noexcept { return reinterpret_cast<char*>(this) + data_offset(ndim); }

  static constexpr std::size_t data_offset(std::int32_t ndim) noexcept {
    const std::size_t head =
        sizeof(TensorBlock) + 2 * static_cast<std::size_t>(ndim) * sizeof(std::int64_t);
    return (head + kAlignment - 1) / kAlignment * kAlignment;
  }
};

}  // namespace pet
