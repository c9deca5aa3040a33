// What somebody who mistyped a name may have meant: for messages about unknown parameters, classes
// and verbs.
//
//   did_you_mean("n_neighbours", {"weights", "n_neighbors"});  // "did you mean 'n_neighbors'?"
//   near_misses("StandardScalar", names);                            // {"StandardScalerPlugin"}
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pet {

// The candidates that are close to `wanted`, the closest first, `limit` at most. Close is: few
// typing errors (a letter missing, added, changed, or two swapped; case counts little), or the same
// but for a longer end.
std::vector<std::string> near_misses(std::string_view wanted,
                                     std::span<const std::string> candidates,
                                     std::size_t limit = 3);

// "did you mean 'a'?", "did you mean 'a', 'b' or 'c'?"; empty when nothing is close.
std::string did_you_mean(std::string_view wanted, std::span<const std::string> candidates);

}  // namespace pet
