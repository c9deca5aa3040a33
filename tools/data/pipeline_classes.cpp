#include "tools/data/pipeline_classes.hpp"

#include <algorithm>

#include "core/loader/param_value.hpp"

namespace pet::tools {
namespace {

void collect_classes(const ParamValue& value, std::vector<PetClass>& found) {
  if (const BasePlugin* instance = value.if_instance()) {
    const PetClass& clazz = instance->get_class();
    if (std::find(found.begin(), found.end(), clazz) == found.end()) found.push_back(clazz);
    collect_classes(ParamValue(instance->params()), found);
  } else if (const PetClass* clazz = value.if_class()) {
    if (std::find(found.begin(), found.end(), *clazz) == found.end()) found.push_back(*clazz);
  } else if (const ParamList* list = value.if_list()) {
    for (const ParamValue& item : *list) collect_classes(item, found);
  } else if (const ParamObject* object = value.if_object()) {
    for (const auto& [key, field] : object->fields()) collect_classes(field, found);
  }
}

}  // namespace

std::vector<PetClass> classes_of(const BasePlugin& pipeline) {
  std::vector<PetClass> found;
  collect_classes(ParamValue(pipeline), found);
  return found;
}

bool predicts_clusters(const BasePlugin& pipeline) {
  return std::ranges::any_of(classes_of(pipeline),
                             [](const PetClass& clazz) { return clazz.has("clusters"); });
}

}  // namespace pet::tools
