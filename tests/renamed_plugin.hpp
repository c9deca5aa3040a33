// Many classes from one compiled plugin: a binary in which the class has another name of the same
// length. What the compiler made of the name (notes, type names) stays right, since nothing moves.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "core/artifact/binary.hpp"

namespace pet::test {

inline Binary renamed_plugin(const Binary& plugin, std::string_view name, std::string_view to) {
  if (name.size() != to.size()) throw std::runtime_error("another length");
  std::string bytes(plugin.view());
  for (std::size_t at = bytes.find(name); at != std::string::npos; at = bytes.find(name, at + 1)) {
    bytes.replace(at, name.size(), to);
  }
  return Binary::from_bytes(std::move(bytes), std::string(to) + ".so");
}

// "GoodF00042"
inline std::string numbered_name(std::size_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, 5 - digits.size(), '0');
  return "GoodF" + digits;
}

// GoodFilter under that name.
inline Binary numbered_plugin(std::size_t number) {
  static const Binary original = Binary::read(PET_FIXTURE_DIR "/good_filter.so");
  return renamed_plugin(original, "GoodFilter", numbered_name(number));
}

}  // namespace pet::test
