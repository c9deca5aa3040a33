// Which strings name a class or a parameter: [A-Za-z_][A-Za-z0-9_]*, 128 characters at most.
//
// Names become storage keys, file names and C++ identifiers. This rule keeps out path traversal, NULs and
// Unicode look-alikes before any request is made.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace pet {

inline constexpr std::size_t kMaxClassNameLength = 128;

bool is_class_name(std::string_view name) noexcept;

// Throws kInvalidName, naming what came and what is allowed.
void require_class_name(std::string_view name);

// Parameters obey the same rule.
inline bool is_parameter_name(std::string_view name) noexcept { return is_class_name(name); }

}  // namespace pet
