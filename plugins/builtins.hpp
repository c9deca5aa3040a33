// The framework classes that are linked into this binary: constant tables, in the order in which
// they are listed.
//
//   for (const pet_entry* entry : pet::builtins()) factory.bind(*entry);
//
// Every class carries its behaviour version as the VERSION of its notes: it changes when the same
// parameters and data give another answer. A pinned config names it. This header is the host's, and
// C++20; the classes are C++17.
//
// Lifetime: the tables and all they point to are constants. Threads: any. Throws: nothing.
#pragma once

#include <pet/abi.h>

#include <span>
#include <string_view>
#include <utility>

namespace pet {

std::span<const pet_entry* const> builtins() noexcept;

// {alias, class}: other names under which a built-in is found. Dumps use the class's own.
std::span<const std::pair<std::string_view, std::string_view>> builtin_aliases() noexcept;

}  // namespace pet
