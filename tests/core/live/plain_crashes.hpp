// A crash of a trial's helper is one, also in a build with sanitizers, which would make an exit of it.
#pragma once

#include <cstdlib>
#include <string>

namespace pet::test {

// For helpers that are started from now on.
inline void let_helpers_crash() {
  for (const char* const name : {"ASAN_OPTIONS", "TSAN_OPTIONS"}) {
    const char* const given = std::getenv(name);
    const std::string options = "handle_segv=0:handle_abort=0:handle_sigfpe=0:detect_leaks=0";
    if (given != nullptr && std::string(given).find(options) != std::string::npos) continue;
    ::setenv(name, (given == nullptr ? options : std::string(given) + ":" + options).c_str(), 1);
  }
}

}  // namespace pet::test
