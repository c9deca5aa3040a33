// Who writes: for the `by` of a log entry.
//
// Threads: any.
#pragma once

#include <string>

namespace pet {

// "ann@build7", in printable ASCII; "uid1000@build7" for a user without a name.
std::string user_at_host();

}  // namespace pet
