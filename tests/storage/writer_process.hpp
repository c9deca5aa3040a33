// Runs storage_writer in a process of its own, under strace if asked.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/storage/shell.hpp"

namespace pet::test {

// The sanitizers' leak check does not work under ptrace.
inline std::string strace(const std::string& options) {
  return "ASAN_OPTIONS=detect_leaks=0 LSAN_OPTIONS=detect_leaks=0 strace -f -qq " + options + " ";
}

// Whether strace is there and may trace here.
inline bool has_strace() {
  static const bool has = run(strace("-e trace=none -o /dev/null") + "true").status == 0;
  return has;
}

// Whether a test without strace fails: where all tests are run (tools/test), nothing is skipped quietly.
inline bool requires_strace() {
  const char* value = std::getenv("PET_REQUIRE_STRACE");
  return value != nullptr && *value != '\0';
}

// The command line of storage_writer, at the least as a user who is not root: root may do
// everything.
inline std::string writer() { return std::string(PET_STORAGE_WRITER) + " "; }
inline std::string unprivileged_writer() {
  return ::geteuid() == 0 ? writer() + "--as 65534 " : writer();
}

}  // namespace pet::test
