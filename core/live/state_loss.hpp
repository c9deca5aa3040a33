// What of an imported state is not in the one exported again. (Inside core/live only.)
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pet::trial {

// The first field of `imported` (pet/state.hpp) that `exported` lacks or has otherwise, as "mean" or
// "filters/0, mean"; nothing when all are there. A state of another schema has been migrated, and one
// that is not in the SDK's layout cannot be told: nothing, too.
std::optional<std::string> lost_field(std::string_view imported, std::string_view exported);

}  // namespace pet::trial
