// stdout for the program alone, while others' code runs in its process.
#pragma once

#include <cstdio>

namespace pet::tools {

// A stream to where stdout went; from here on what is written to stdout goes to stderr. nullptr
// when stdout is closed. To be called once, before others' code runs.
std::FILE* take_stdout();

// Whether stdout is a terminal that has colours.
bool stdout_has_colours();

}  // namespace pet::tools
