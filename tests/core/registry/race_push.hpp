// Version `i` of the class Race as the writer `name` pushes it.
#pragma once

#include <string>

#include "core/registry/registry.hpp"

namespace pet::test {

inline std::string race_bytes(const std::string& name, int i) {
  return "version " + std::to_string(i) + " of " + name;
}

inline PushItem race_push(const std::string& name, int i) {
  Facts facts;
  facts.platform = "linux-x86_64-gnu";
  facts.has_notes = true;
  facts.clazz.name = "Race";
  return {.binaries = {{Binary::from_bytes(race_bytes(name, i)), facts}}};
}

}  // namespace pet::test
