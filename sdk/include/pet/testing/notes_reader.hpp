// Reads the notes of a class back: what pet::testing fills defaults from.
//
// For bytes that the SDK wrote. The host has its own reader, which expects anything.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "pet/abi.h"
#include "pet/value.hpp"

namespace pet::testing {

struct ParamNote {
  std::uint32_t index = 0;
  std::string name;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::optional<Value> default_value;
  std::string doc;
};

struct Notes {
  std::uint16_t abi_major = 0;
  std::uint16_t abi_minor = 0;
  std::string class_name, kind, version, doc, isa, compiler;
  std::vector<std::string> interfaces;
  std::optional<std::uint32_t> state_schema;
  bool open_params = false;
  std::vector<ParamNote> params;
};

class NotesReader {
 public:
  // Throws std::runtime_error when the bytes are not notes.
  static Notes read(std::string_view bytes) {
    Notes notes;
    NotesReader reader(bytes);
    while (!reader.rest_.empty()) reader.note(notes);
    return notes;
  }

 private:
  explicit NotesReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) throw std::runtime_error("notes end too early");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string text() { return std::string(take(number<std::uint32_t>())); }

  Value value() {
    switch (number<std::uint8_t>()) {
      case PET_TYPE_NULL:
        return {};
      case PET_TYPE_BOOL:
        return number<std::uint8_t>() != 0;
      case PET_TYPE_INT64:
        return number<std::int64_t>();
      case PET_TYPE_FLOAT64:
        return number<double>();
      case PET_TYPE_TEXT:
        return text();
      case PET_TYPE_LIST: {
        Value::List list(number<std::uint32_t>());
        for (Value& item : list) item = value();
        return list;
      }
      case PET_TYPE_OBJECT: {
        Object object;
        for (auto left = number<std::uint32_t>(); left > 0; --left) {
          const std::string key = text();
          object[key] = value();
        }
        return object;
      }
      default:
        throw std::runtime_error("notes hold a value of unknown type");
    }
  }

  void note(Notes& notes) {
    const auto name_size = number<std::uint32_t>();
    const auto size = number<std::uint32_t>();
    const auto type = number<std::uint32_t>();
    const std::string_view name = take((name_size + 3) / 4 * 4);
    if (name.substr(0, name_size) != std::string_view(PET_NOTE_NAME, sizeof(PET_NOTE_NAME))) {
      throw std::runtime_error("a note of another owner");
    }
    NotesReader description(take((size + 3) / 4 * 4).substr(0, size));
    description.describe(type, notes);
    if (!description.rest_.empty()) throw std::runtime_error("a note is too long");
  }

  void describe(std::uint32_t type, Notes& notes) {
    switch (type) {
      case PET_NOTE_ABI:
        notes.abi_major = number<std::uint16_t>();
        notes.abi_minor = number<std::uint16_t>();
        break;
      case PET_NOTE_CLASS:
        notes.class_name = text();
        break;
      case PET_NOTE_KIND:
        notes.kind = text();
        break;
      case PET_NOTE_VERSION:
        notes.version = text();
        break;
      case PET_NOTE_DOC:
        notes.doc = text();
        break;
      case PET_NOTE_INTERFACE:
        notes.interfaces.push_back(text());
        break;
      case PET_NOTE_STATE_SCHEMA:
        notes.state_schema = number<std::uint32_t>();
        break;
      case PET_NOTE_ISA:
        notes.isa = text();
        break;
      case PET_NOTE_COMPILER:
        notes.compiler = text();
        break;
      case PET_NOTE_OPEN_PARAMS:
        notes.open_params = true;
        break;
      case PET_NOTE_PARAM:
        param(notes);
        break;
      default:
        throw std::runtime_error("a note of unknown type");
    }
  }

  void param(Notes& notes) {
    ParamNote param;
    param.index = number<std::uint32_t>();
    param.name = text();
    param.type = number<std::uint8_t>();
    param.flags = number<std::uint8_t>();
    if (number<std::uint8_t>() != 0) param.default_value = value();
    param.doc = text();
    notes.params.push_back(std::move(param));
  }

  std::string_view rest_;
};

}  // namespace pet::testing
