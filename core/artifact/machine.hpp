// Machine: what a computer offers to the plugins that it loads.
//
// Machine::current() is this one. A test or a planning tool makes up another by filling in the fields.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace pet {

struct Machine {
  std::string platform;                 // "linux-x86_64-gnu"
  std::string glibc;                    // "2.36"; empty: not known, so not checked
  std::vector<std::string> isa_levels;  // {"x86-64", "x86-64-v2", "x86-64-v3"}; empty: not checked
  // Symbol versions of other libraries that the process has already: "libstdc++.so.6" → {"GLIBCXX_3.4", …}. A library that
  // is not listed is left to the system's loader, which names what is missing before running anything.
  std::map<std::string, std::vector<std::string>> library_versions;

  // This machine, found out once for the process. Any thread.
  static const Machine& current();

  // Some machine of a platform, about which nothing more is known: refuses only what no such machine should load.
  static Machine any_of(std::string platform);
};

}  // namespace pet
