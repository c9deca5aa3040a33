// abi.h compiles alone as C++17 and C++20, and its structs are what C may copy.
#include <type_traits>

#include "pet/abi.h"

static_assert(std::is_trivial<pet_value>::value && std::is_standard_layout<pet_value>::value,
              "a C struct");
static_assert(std::is_trivial<pet_tensor>::value && std::is_standard_layout<pet_tensor>::value,
              "a C struct");
static_assert(std::is_trivial<pet_entry>::value && std::is_standard_layout<pet_entry>::value,
              "a C struct");
