// Who writes: for the `by` of a log entry, and the random id by which a writer knows its own entry.
//
// Threads: any.
#pragma once

#include <string>

namespace pet {

// "ann@build7", in printable ASCII; "uid1000@build7" for a user without a name.
std::string user_at_host();

// 32 hex digits.
std::string random_write_id();

}  // namespace pet
