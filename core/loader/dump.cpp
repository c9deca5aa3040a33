#include "core/loader/dump.hpp"

#include <algorithm>
#include <utility>

namespace pet {
namespace {

ParamValue hash_value(const PetClass& clazz) {
  return clazz.hash() ? ParamValue(clazz.hash()->hex()) : ParamValue();
}

enum class Identity { kHash, kHashOrVersion };

ParamObject node_of(const PetClass& clazz, Identity identity) {
  ParamObject node{{"clazz", clazz.name()}, {"version_hash", hash_value(clazz)}};
  if (identity == Identity::kHashOrVersion && !clazz.hash() && !clazz.version().empty()) {
    node.append("builtin", clazz.version());
  }
  return node;
}

ParamObject dump_of(const BasePlugin& plugin, std::span<const std::string> include,
                    Identity identity);

// Nodes in place of instances and classes, at any depth.
ParamValue dumped(const ParamValue& value, std::span<const std::string> include,
                  Identity identity) {
  if (const BasePlugin* instance = value.if_instance()) {
    return dump_of(*instance, include, identity);
  }
  if (const PetClass* clazz = value.if_class()) return node_of(*clazz, identity);
  if (const ParamList* items = value.if_list()) {
    ParamList list;
    list.reserve(items->size());
    for (const ParamValue& item : *items) list.push_back(dumped(item, include, identity));
    return list;
  }
  if (const ParamObject* fields = value.if_object()) {
    ParamObject object;
    for (const auto& [key, field] : fields->fields()) {
      object.append(key, dumped(field, include, identity));
    }
    return object;
  }
  return value;
}

ParamObject dump_of(const BasePlugin& plugin, std::span<const std::string> include,
                    Identity identity) {
  ParamObject params;
  for (const auto& [name, value] : plugin.params().fields()) {
    params.append(name, dumped(value, include, identity));
  }
  ParamObject node = node_of(plugin.get_class(), identity);
  node.append("params", std::move(params));
  for (const auto& [name, value] : plugin.attributes().fields()) {
    if (std::find(include.begin(), include.end(), name) != include.end()) {
      node.set(name, dumped(value, include, identity));
    }
  }
  return node;
}

void collect_grids(const ParamValue& value, const std::string& path, ParamObject& grids);

void collect_grids(const BasePlugin& plugin, const std::string& prefix, ParamObject& grids) {
  const ParamValue* grid = plugin.attributes().find("_grid");
  if (const ParamObject* choices = grid == nullptr ? nullptr : grid->if_object()) {
    for (const auto& [name, values] : choices->fields()) {
      grids.set(prefix + name,
                values.if_list() != nullptr ? values : ParamValue(ParamList{values}));
    }
  }
  for (const auto& [name, value] : plugin.params().fields())
    collect_grids(value, prefix + name, grids);
}

void collect_grids(const ParamValue& value, const std::string& path, ParamObject& grids) {
  if (const BasePlugin* instance = value.if_instance()) {
    collect_grids(*instance, path + "/", grids);
  } else if (const ParamList* items = value.if_list()) {
    for (std::size_t i = 0; i < items->size(); ++i) {
      collect_grids((*items)[i], path + "/" + std::to_string(i), grids);
    }
  } else if (const ParamObject* fields = value.if_object()) {
    for (const auto& [key, field] : fields->fields()) collect_grids(field, path + "/" + key, grids);
  }
}

}  // namespace

ParamObject dump_of(const BasePlugin& plugin, std::span<const std::string> include) {
  return dump_of(plugin, include, Identity::kHash);
}

ParamObject description_of(const BasePlugin& plugin) {
  return dump_of(plugin, {}, Identity::kHashOrVersion);
}

ParamObject grid_of(const BasePlugin& plugin) {
  ParamObject grids;
  collect_grids(plugin, "", grids);
  return grids;
}

}  // namespace pet
