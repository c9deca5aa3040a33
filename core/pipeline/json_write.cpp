// Writing: the layout of Python's json.dumps, so that a dump written here and one written by the
// original are the same text.
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/artifact/note_reader.hpp"
#include "core/loader/base_plugin.hpp"
#include "core/loader/pet_class.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

class Writer {
 public:
  explicit Writer(unsigned indent) : indent_(indent) {}

  void write(const ParamValue& value);
  std::string take() { return std::move(out_); }

 private:
  void write(const ParamList& list);
  void write(const ParamObject& object);
  void write(const PetClass& clazz);
  void next_item(bool first);
  void close(char bracket);

  unsigned indent_;
  unsigned depth_ = 0;
  std::string out_;
};

void Writer::next_item(bool first) {
  if (!first) out_ += indent_ == 0 ? ", " : ",";
  if (indent_ > 0) out_.append(1, '\n').append(std::size_t{indent_} * depth_, ' ');
}

void Writer::close(char bracket) {
  --depth_;
  if (indent_ > 0) out_.append(1, '\n').append(std::size_t{indent_} * depth_, ' ');
  out_ += bracket;
}

void Writer::write(const ParamList& list) {
  if (list.empty()) {
    out_ += "[]";
    return;
  }
  out_ += '[';
  ++depth_;
  for (const ParamValue& item : list) {
    next_item(&item == &list.front());
    write(item);
  }
  close(']');
}

void Writer::write(const ParamObject& object) {
  if (object.empty()) {
    out_ += "{}";
    return;
  }
  out_ += '{';
  ++depth_;
  for (const auto& field : object.fields()) {
    next_item(&field == &object.fields().front());
    out_ += quoted_json(field.first);
    out_ += ": ";
    write(field.second);
  }
  close('}');
}

void Writer::write(const PetClass& clazz) {
  ParamValue hash;
  if (clazz.hash()) hash = clazz.hash()->hex();
  write(ParamObject{{"clazz", clazz.name()}, {"version_hash", hash}});
}

void Writer::write(const ParamValue& value) {
  if (value.is_null()) {
    out_ += "null";
  } else if (const bool* boolean = value.if_bool()) {
    out_ += *boolean ? "true" : "false";
  } else if (const std::int64_t* integer = value.if_int64()) {
    out_ += std::to_string(*integer);
  } else if (const double* number = value.if_float64()) {
    out_ += python_float(*number);
  } else if (const std::string* text = value.if_text()) {
    out_ += quoted_json(*text);
  } else if (const ParamList* list = value.if_list()) {
    write(*list);
  } else if (const ParamObject* object = value.if_object()) {
    write(*object);
  } else if (const BasePlugin* instance = value.if_instance()) {
    write(instance->item_dump());
  } else if (const PetClass* clazz = value.if_class()) {
    write(*clazz);
  }
}

}  // namespace

std::string to_json(const ParamValue& value, unsigned indent) {
  Writer writer(indent);
  writer.write(value);
  return writer.take();
}

std::string python_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  // "d.ddde±XX" holds the shortest digits that read back the same; repr shows the exponent only
  // from 1e16 up and below 1e-4.
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<std::size_t>(end.ptr - buffer));
  const auto e = text.find('e');
  const int exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  const bool negative = text.front() == '-';
  if (exponent < -4 || exponent >= 16) return std::string(text);
  std::string digits;
  for (const char c : text.substr(0, e)) {
    if (c != '.' && c != '-') digits += c;
  }
  if (exponent < 0) {
    digits.insert(0, "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0'));
  } else {
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole) digits.append(whole + 1 - digits.size(), '0');
    digits.insert(whole, ".");
  }
  return negative ? "-" + digits : digits;
}

std::string quoted_json(std::string_view text) {
  if (!is_utf8(text)) {
    throw Error(ErrorCode::kBadParams,
                "a text of " + std::to_string(text.size()) +
                    " bytes is not UTF-8 and cannot be written as JSON: encode "
                    "it first, as base64 for example");
  }
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          constexpr char kDigits[] = "0123456789abcdef";
          out += "\\u00";
          out += kDigits[c >> 4];
          out += kDigits[c & 15];
        } else {
          out += c;
        }
    }
  }
  return out += '"';
}

}  // namespace pet
