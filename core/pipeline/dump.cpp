#include "core/pipeline/dump.hpp"

#include "core/pipeline/json_document.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

ParamValue pinned(const ParamValue& value);

// {"clazz", "version_hash"} and, for a compiled-in class, "builtin".
ParamObject pinned_class(const PetClass& clazz) {
  ParamObject out{{"clazz", clazz.name()}};
  if (clazz.hash()) {
    out.set("version_hash", clazz.hash()->hex());
    return out;
  }
  if (clazz.version().empty()) {
    throw Error(ErrorCode::kNoBinary,
                clazz.name() +
                    " is compiled in and has no version that a config could pin: give the class a "
                    "VERSION, or build it with pet_add_plugin and bind the .so",
                {.class_name = clazz.name(), .hash = {}, .key = {}});
  }
  out.set("version_hash", nullptr);
  out.set("builtin", clazz.version());
  return out;
}

ParamObject pinned(const ParamObject& object) {
  ParamObject out;
  for (const auto& [key, value] : object.fields()) out.set(key, pinned(value));
  return out;
}

ParamValue pinned(const ParamValue& value) {
  if (const BasePlugin* instance = value.if_instance()) return pinned_dump(*instance);
  if (const PetClass* clazz = value.if_class()) return pinned_class(*clazz);
  if (const ParamObject* object = value.if_object()) return pinned(*object);
  const ParamList* list = value.if_list();
  if (list == nullptr) return value;
  ParamList out;
  out.reserve(list->size());
  for (const ParamValue& item : *list) out.push_back(pinned(item));
  return out;
}

}  // namespace

std::string item_dump_json(const BasePlugin& plugin, std::span<const std::string> include,
                           unsigned indent) {
  return to_json(plugin.item_dump(include), indent);
}

ParamObject pinned_dump(const BasePlugin& plugin) {
  ParamObject out = pinned_class(plugin.get_class());
  out.set("params", pinned(plugin.params()));
  for (const auto& [key, value] : plugin.attributes().fields()) out.set(key, pinned(value));
  return out;
}

}  // namespace pet
