#include "core/artifact/machine.hpp"

#include <utility>

namespace pet {

Machine Machine::any_of(std::string platform) {
  Machine machine;
  machine.platform = std::move(platform);
  return machine;
}

}  // namespace pet
