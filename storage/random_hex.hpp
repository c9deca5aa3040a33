// random_hex: names and ids that nobody else makes.
//
// From the system's source: std::random_device asks the processor first, which in a virtual machine is
// slower than the system call.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <string>

namespace pet {

// So many lower-case hex digits, four random bits each.
std::string random_hex(std::size_t digits);

}  // namespace pet
