// What libsvm and liblinear need from those who call them: silence, and sizes that an int holds.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <pet/xydata.hpp>

namespace pet::plugins {

// What both libraries are given to print their progress with: a function that does nothing.
//
// Each keeps it in one variable of the shared library, for the whole process. A function of ours
// would be unmapped with the binary that it was compiled into, while the variable lives on with every
// other binary that uses the library: the next training, of whatever class, would call into nothing.
// Taking it back after training (nullptr) is no way out: then the library prints to stdout, and
// another training that asked for silence may be under way.
//
// So it has to be a function that is never unmapped, and the same one from every binary, so that it
// does not matter who gave it last: one of libc's. None of those has the type void(const char*) and
// stays quiet; strlen takes the same argument, reads it, and changes nothing. That it returns a number
// makes the call undefined for the C++ standard, but not for the calling conventions of the machines,
// which are what holds between two compiled files: the result comes back in a register that a caller
// of a void function expects to be overwritten.
//
// Threads: any; every training stores the same address before it begins.
using PrintText = void (*)(const char*);
inline PrintText print_nothing() {
  using AnyFunction = void (*)();  // on the way: the compiler warns of a direct cast
  std::size_t (*const read_text)(const char*) = std::strlen;
  return reinterpret_cast<PrintText>(reinterpret_cast<AnyFunction>(read_text));
}

// Rows and columns of x, and one more of either, are numbers that an int holds.
// Throws: pet::Failure(PET_BAD_INPUT).
inline void require_int_sizes(const XYData& x) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max() - 1;
  if (x.rows() <= kMost && x.columns() <= kMost) return;
  throw Failure::bad_input("x: expected at most 2147483646 rows and columns, got " + x.describe());
}

}  // namespace pet::plugins
