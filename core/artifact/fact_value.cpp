#include "core/artifact/fact_value.hpp"

namespace pet {

bool operator==(const FactValue& a, const FactValue& b) { return a.data == b.data; }

bool operator==(const FactField& a, const FactField& b) {
  return a.key == b.key && a.value == b.value;
}

}  // namespace pet
