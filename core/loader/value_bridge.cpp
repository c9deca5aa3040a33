#include "core/loader/value_bridge.hpp"

#include <string>
#include <unordered_set>

#include "core/loader/instance_record.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

constexpr int kMaxDepth = 64;

pet_text to_text(const std::string& text) noexcept { return {text.data(), text.size()}; }

std::string copy_of(pet_text text) {
  return text.data == nullptr ? std::string()
                              : std::string(text.data, static_cast<std::size_t>(text.size));
}

ParamValue convert(const pet_value& value, int depth);

ParamList convert_list(const pet_value& value, int depth) {
  ParamList list;
  for (std::uint64_t i = 0; i < value.as.list.count; ++i) {
    list.push_back(convert(value.as.list.items[i], depth));
  }
  return list;
}

ParamObject convert_object(const pet_value& value, int depth) {
  constexpr std::uint64_t kFewKeys = 32;  // a search among so few is cheaper than a set
  const bool few = value.as.object.count <= kFewKeys;
  std::unordered_set<std::string> keys;
  ParamObject object;
  for (std::uint64_t i = 0; i < value.as.object.count; ++i) {
    const pet_field& field = value.as.object.fields[i];
    std::string key = copy_of(field.key);
    if (few ? object.contains(key) : !keys.insert(key).second) {
      throw Error(ErrorCode::kBadParams, "the key '" + key + "' stands twice in an object");
    }
    object.append(std::move(key), convert(field.value, depth));
  }
  return object;
}

ParamValue convert(const pet_value& value, int depth) {
  if (depth > kMaxDepth) {
    throw Error(ErrorCode::kBadParams,
                "a value is nested more than " + std::to_string(kMaxDepth) + " levels deep");
  }
  switch (value.type) {
    case PET_TYPE_NULL:
      return {};
    case PET_TYPE_BOOL:
      return value.as.boolean != 0;
    case PET_TYPE_INT64:
      return value.as.int64;
    case PET_TYPE_FLOAT64:
      return value.as.float64;
    case PET_TYPE_TEXT:
      return copy_of(value.as.text);
    case PET_TYPE_LIST:
      return convert_list(value, depth + 1);
    case PET_TYPE_OBJECT:
      return convert_object(value, depth + 1);
    case PET_TYPE_INSTANCE:
      if (value.as.instance == nullptr) break;
      return BasePlugin::Record::of(value.as.instance).as_plugin();
    case PET_TYPE_CLASS:
      if (value.as.clazz == nullptr) break;
      return PetClass::Record::as_class(PetClass::Record::of(value.as.clazz));
    default:
      throw Error(ErrorCode::kBadParams,
                  "a value of the unknown type " + std::to_string(value.type));
  }
  throw Error(ErrorCode::kBadParams, "an instance or class that is NULL");
}

}  // namespace

pet_value to_boundary(const ParamValue& value, ValueArena& arena) {
  pet_value out{};
  if (const bool* boolean = value.if_bool()) {
    out.type = PET_TYPE_BOOL;
    out.as.boolean = *boolean ? 1 : 0;
  } else if (const std::int64_t* integer = value.if_int64()) {
    out.type = PET_TYPE_INT64;
    out.as.int64 = *integer;
  } else if (const double* number = value.if_float64()) {
    out.type = PET_TYPE_FLOAT64;
    out.as.float64 = *number;
  } else if (const std::string* text = value.if_text()) {
    out.type = PET_TYPE_TEXT;
    out.as.text = to_text(*text);
  } else if (const ParamList* list = value.if_list()) {
    auto* items = arena.allocate<pet_value>(list->size());
    for (std::size_t i = 0; i < list->size(); ++i) items[i] = to_boundary((*list)[i], arena);
    out.type = PET_TYPE_LIST;
    out.as.list = {items, list->size()};
  } else if (const ParamObject* object = value.if_object()) {
    return to_boundary(*object, arena);
  } else if (const BasePlugin* instance = value.if_instance()) {
    out.type = PET_TYPE_INSTANCE;
    out.as.instance = instance->record()->handle();
  } else if (const PetClass* clazz = value.if_class()) {
    out.type = PET_TYPE_CLASS;
    out.as.clazz = clazz->record().handle();
  }
  return out;
}

pet_value to_boundary(const ParamObject& object, ValueArena& arena) {
  auto* fields = arena.allocate<pet_field>(object.size());
  for (std::size_t i = 0; i < object.size(); ++i) {
    const auto& [key, value] = object.fields()[i];
    fields[i] = {to_text(key), to_boundary(value, arena)};
  }
  pet_value out{};
  out.type = PET_TYPE_OBJECT;
  out.as.object = {fields, object.size()};
  return out;
}

ParamValue from_boundary(const pet_value& value) { return convert(value, 0); }

ParamObject object_from_boundary(const pet_value* value) {
  if (value == nullptr || value->type == PET_TYPE_NULL) return {};
  ParamValue converted = from_boundary(*value);
  if (ParamObject* object = converted.if_object()) return std::move(*object);
  throw Error(ErrorCode::kBadParams, "expected an object, got " + std::string(converted.kind()));
}

}  // namespace pet
