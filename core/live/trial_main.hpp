// trial_main: all of a trial's helper program. A service with compiled-in classes of its own brings its own
// helper, in three lines:
//
//   int main() { return pet::trial_main(my_classes(), my_aliases()); }
//
// and names it to its Trial. The classes must be those that the service itself has.
//
// Started by a Trial only; by hand it says so and ends.
#pragma once

#include <pet/abi.h>

#include <span>
#include <string_view>
#include <utility>

namespace pet {

// Returns the exit status. Never throws.
int trial_main(
    std::span<const pet_entry* const> builtins,
    std::span<const std::pair<std::string_view, std::string_view>> aliases = {}) noexcept;

}  // namespace pet
