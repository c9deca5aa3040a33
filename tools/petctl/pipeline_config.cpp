#include "tools/petctl/pipeline_config.hpp"

#include <algorithm>
#include <utility>

#include "core/pipeline/json_document.hpp"
#include "tools/data/data_file.hpp"
#include "tools/petctl/output.hpp"

namespace pet::tools {
ParamObject read_config(const std::string& file) {
  ParamValue root = parse_json(read_all(file), {.source = file});
  if (ParamObject* config = root.if_object()) return std::move(*config);
  throw Error(ErrorCode::kBadConfig,
              file + ": expected an object {\"clazz\": …}, got " + std::string(root.kind()));
}

bool has_state(const ParamValue& value) {
  if (const ParamList* list = value.if_list()) return std::ranges::any_of(*list, has_state);
  const ParamObject* object = value.if_object();
  if (object == nullptr) return false;
  const ParamValue* state = object->find("clazz") ? object->find("state_hash") : nullptr;
  if (state != nullptr && !state->is_null()) return true;
  return std::ranges::any_of(object->fields(),
                             [](const auto& field) { return has_state(field.second); });
}

void warn_of_unused(const std::vector<std::string>& files, const std::vector<PetClass>& given,
                    const std::vector<PetClass>& used, const std::string& config) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto is_given = [&](const PetClass& clazz) { return clazz == given[i]; };
    if (std::any_of(used.begin(), used.end(), is_given)) continue;
    std::string why = config + " names no " + given[i].name();
    for (const PetClass& clazz : used) {
      if (clazz.name() != given[i].name()) continue;
      why = config + " pins " + clazz.name() +
            (clazz.hash() ? " to " + clazz.hash()->short_hex() : " to the built-in") +
            ", the file is " + given[i].hash()->short_hex();
    }
    print_warning("--plugin " + files[i] + " was not used: " + why);
  }
}

void warn_of_unpushed(const Container& container, const std::vector<PetClass>& used,
                      const std::string& config) {
  for (const PetClass& clazz : used) {
    if (!clazz.hash() || !clazz.source().starts_with("file://")) continue;
    const std::vector<StoredVersion> there = container.pcm.versions(clazz.name());
    if (std::ranges::any_of(there, [&](const StoredVersion& version) {
          return version.hash == *clazz.hash() && version.stored;
        })) {
      continue;
    }
    print_warning(config + " names " + clazz.name() + " " + clazz.hash()->short_hex() +
                  ", which is not in " + container.pcm.storage() + ": push it (petctl push " +
                  clazz.source().substr(7) + ")");
  }
}

}  // namespace pet::tools
