// Values on their way across the boundary: ParamValue to pet_value and back. (Inside core/loader
// only.)
//
// Threads: pure functions.
#pragma once

#include <pet/abi.h>

#include <array>
#include <cstddef>
#include <memory_resource>

#include "core/loader/param_value.hpp"

namespace pet {

// Memory of the arrays in a tree of pet_values, freed together. The first kilobyte costs nothing.
class ValueArena {
 public:
  ValueArena() = default;
  ValueArena(const ValueArena&) = delete;
  ValueArena& operator=(const ValueArena&) = delete;

  template <class T>
  T* allocate(std::size_t count) {
    return static_cast<T*>(memory_.allocate(count * sizeof(T), alignof(T)));
  }

 private:
  alignas(std::max_align_t) std::array<std::byte, 1024> first_;
  std::pmr::monotonic_buffer_resource memory_{first_.data(), first_.size()};
};

// Views: texts, instances and classes stay the argument's, which must outlive the result, as the
//        arena must.
pet_value to_boundary(const ParamValue& value, ValueArena& arena);
pet_value to_boundary(const ParamObject& object, ValueArena& arena);

// A deep copy; instances and classes become counted handles. Throws kBadParams for an unknown type,
// a repeated key and more than 64 levels.
ParamValue from_boundary(const pet_value& value);
// The same of an object; NULL and null are an empty one.
ParamObject object_from_boundary(const pet_value* value);

}  // namespace pet
