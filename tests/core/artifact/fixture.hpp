// The fixtures, by name.
#pragma once

#include <string>

#include "core/artifact/binary.hpp"
#include "core/artifact/facts.hpp"

namespace pet::test {

inline std::string fixture_path(const std::string& name) {
  return PET_FIXTURE_DIR "/" + name + ".so";
}
inline Binary fixture(const std::string& name) { return Binary::read(fixture_path(name)); }
inline Facts fixture_facts(const std::string& name) { return read_facts(fixture(name)); }

}  // namespace pet::test
