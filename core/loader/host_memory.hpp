// The tensors that the host makes for plugins to answer with. (Inside core/loader only.)
//
// Threads: all functions from any thread; a tensor may be freed by another thread than it was made
//          by.
#pragma once

#include <pet/abi.h>

#include <cstddef>
#include <cstdint>

#include "core/loader/tensor_block.hpp"

namespace pet {

inline constexpr std::int32_t kMaxDimensions = 32;  // as many as XYData holds

// A row-major tensor, uninitialised, whose deleter is the host's. NULL when memory is out, or dtype
// or shape are none.
pet_tensor* host_tensor_new(pet_dtype dtype, std::int32_t ndim, const std::int64_t* shape) noexcept;

// Bytes of an element, or 0 when the boundary has no such type.
std::size_t element_size(pet_dtype dtype) noexcept;

}  // namespace pet
