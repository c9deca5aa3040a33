// FactValue: a constant that a note can carry, such as the default of a parameter.
//
// A plain value that owns what it holds, with nothing of the ABI or of a JSON library in it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pet {

struct FactValue;
struct FactField;
using FactList = std::vector<FactValue>;
using FactObject = std::vector<FactField>;  // in the order of the note; keys are unique

struct FactValue {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, FactList, FactObject> data;

  bool is_null() const noexcept { return data.index() == 0; }
  template <class T>
  const T* get_if() const noexcept {
    return std::get_if<T>(&data);
  }
};

struct FactField {
  std::string key;
  FactValue value;
};

// Numbers of different types differ (1 and 1.0); objects are compared in order.
bool operator==(const FactValue& a, const FactValue& b);
bool operator==(const FactField& a, const FactField& b);

}  // namespace pet
