#include "core/pipeline/dump.hpp"

#include <functional>
#include <utility>
#include <vector>

#include "core/factory/pet_class_manager.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

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

// Whether the instance's own state is all there is to save of it and of what it holds.
bool saves_state(const BasePlugin& plugin) {
  const PetClass& clazz = plugin.get_class();
  if (plugin.has("state")) return true;
  if (!plugin.has("fit")) return false;
  throw Error(
      ErrorCode::kNotTrainable,
      clazz.name() +
          " can be fitted, but cannot save what it learned: declare its fields with "
          "PET_STATE (pet/state.hpp), or give it save and load",
      {.class_name = clazz.name(), .hash = clazz.hash() ? clazz.hash()->hex() : "", .key = {}});
}

// Writes a tree with its pins. What is to be added to an instance's node before its parameters is
// told by `extend`, which says whether its children are done with.
class PinnedDump {
 public:
  using Extend = std::function<bool(const BasePlugin&, ParamObject&)>;
  explicit PinnedDump(Extend extend = {}) : extend_(std::move(extend)) {}

  ParamObject instance(const BasePlugin& plugin) {
    ParamObject out = pinned_class(plugin.get_class());
    const bool was_done = done_;
    if (extend_ && !done_) done_ = extend_(plugin, out);
    out.set("params", object(plugin.params()));
    for (const auto& [key, field] : plugin.attributes().fields()) out.set(key, value(field));
    done_ = was_done;
    return out;
  }

 private:
  ParamValue value(const ParamValue& value) {
    if (const BasePlugin* plugin = value.if_instance()) return instance(*plugin);
    if (const PetClass* clazz = value.if_class()) return pinned_class(*clazz);
    if (const ParamObject* fields = value.if_object()) return object(*fields);
    const ParamList* list = value.if_list();
    if (list == nullptr) return value;
    ParamList out;
    out.reserve(list->size());
    for (const ParamValue& item : *list) out.push_back(this->value(item));
    return out;
  }

  ParamObject object(const ParamObject& object) {
    ParamObject out;
    for (const auto& [key, field] : object.fields()) out.set(key, value(field));
    return out;
  }

  Extend extend_;
  bool done_ = false;
};

}  // namespace

std::string item_dump_json(const BasePlugin& plugin, std::span<const std::string> include,
                           unsigned indent) {
  return to_json(plugin.item_dump(include), indent);
}

ParamObject pinned_dump(const BasePlugin& plugin) { return PinnedDump().instance(plugin); }

void require_savable(const BasePlugin& plugin) {
  PinnedDump([](const BasePlugin& instance, ParamObject&) {
    saves_state(instance);
    return false;  // a parent's state holds its children's, which they must be able to give
  }).instance(plugin);
}

ParamObject save_fitted(const BasePlugin& plugin, const PetClassManager& manager) {
  std::vector<FittedState> states;
  ParamObject config =
      PinnedDump([&](const BasePlugin& instance, ParamObject& node) {
        if (!saves_state(instance)) return false;
        states.push_back({instance.get_class().name(), Binary::from_bytes(instance.save_state())});
        node.set("state_hash", states.back().bytes.hash().hex());
        return true;
      }).instance(plugin);
  manager.persist_states(states);
  return config;
}

}  // namespace pet
