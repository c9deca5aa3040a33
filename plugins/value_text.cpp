#include "plugins/value_text.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace pet::plugins {
namespace {

void append(std::string& out, const Value& value);

void append_sized(std::string& out, std::string_view text) {
  out.append(std::to_string(text.size())).append(":").append(text);
}

void append_bits(std::string& out, double number) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &number, sizeof bits);
  out.append("f").append(std::to_string(bits)).append(";");
}

void append(std::string& out, const Value::List& list) {
  out.append("[");
  for (const Value& item : list) append(out, item);
  out.append("]");
}

void append(std::string& out, const Object& object) {
  out.append("{");
  for (const Field& field : object) {
    append_sized(out, field.key);
    append(out, field.value);
  }
  out.append("}");
}

void append(std::string& out, const Value& value) {
  switch (value.type()) {
    case PET_TYPE_NULL:
      out.append("null;");
      return;
    case PET_TYPE_BOOL:
      out.append(value.as_bool() ? "true;" : "false;");
      return;
    case PET_TYPE_INT64:
      out.append("i").append(std::to_string(value.as_int())).append(";");
      return;
    case PET_TYPE_FLOAT64:
      return append_bits(out, value.as_double());
    case PET_TYPE_TEXT:
      out.append("s");
      return append_sized(out, value.as_text());
    case PET_TYPE_LIST:
      return append(out, value.as_list());
    case PET_TYPE_OBJECT:
      return append(out, value.as_object());
    default:
      throw Failure::unsupported(std::string("expected a value that travels, got ") +
                                 type_name(value.type()));
  }
}

}  // namespace

std::string text_of(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}

std::string text_of(const Object& object) {
  std::string out;
  append(out, object);
  return out;
}

}  // namespace pet::plugins
