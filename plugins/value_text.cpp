#include "plugins/value_text.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace pet::plugins {
namespace {

std::string sized(std::string_view text) {
  return std::to_string(text.size()) + ":" + std::string(text);
}

std::string text_of_number(double number) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &number, sizeof bits);
  return "f" + std::to_string(bits) + ";";
}

std::string text_of_list(const Value::List& list) {
  std::string text = "[";
  for (const Value& item : list) text += text_of(item);
  return text + "]";
}

}  // namespace

std::string text_of(const Object& object) {
  std::string text = "{";
  for (const Field& field : object) text += sized(field.key) + text_of(field.value);
  return text + "}";
}

std::string text_of(const Value& value) {
  switch (value.type()) {
    case PET_TYPE_NULL:
      return "n;";
    case PET_TYPE_BOOL:
      return value.as_bool() ? "t;" : "b;";
    case PET_TYPE_INT64:
      return "i" + std::to_string(value.as_int()) + ";";
    case PET_TYPE_FLOAT64:
      return text_of_number(value.as_double());
    case PET_TYPE_TEXT:
      return "s" + sized(value.as_text());
    case PET_TYPE_LIST:
      return text_of_list(value.as_list());
    case PET_TYPE_OBJECT:
      return text_of(value.as_object());
    default:
      throw Failure::unsupported(std::string("expected a value that travels, got ") +
                                 type_name(value.type()));
  }
}

}  // namespace pet::plugins
