// Two passes. The first walks each override's path down to the instance whose parameter it names,
// so that it is known what changes in which instance. The second copies the tree from the leaves
// up, every instance once.
#include "core/loader/clone.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/loader/instance_record.hpp"
#include "core/near_miss.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

// One override, as seen from the instance that it changes.
struct Change {
  std::string path;  // "n_neighbors", "weights/0"
  const ParamValue* value;
};

std::pair<std::string_view, std::string_view> split_first(std::string_view path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return {path, {}};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

// The element of a list or object that one step of a path names, or nullptr.
template <class Value>
Value* step_into(Value& value, std::string_view step) {
  if (auto* list = value.if_list()) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
    const bool whole = error == std::errc() && end == step.data() + step.size();
    return whole && index < list->size() ? &(*list)[index] : nullptr;
  }
  if (auto* object = value.if_object()) return object->find(step);
  return nullptr;
}

void apply(const Change& change, ParamObject& params) {
  auto [step, rest] = split_first(change.path);
  if (rest.empty()) {
    params.set(std::string(step), *change.value);
    return;
  }
  ParamValue* at = params.find(step);
  while (at != nullptr && !rest.empty()) {
    std::tie(step, rest) = split_first(rest);
    at = step_into(*at, step);
  }
  // Gone when another override replaced what it lies in: that one wins.
  if (at != nullptr) *at = *change.value;
}

class Cloner {
 public:
  Cloner(const BasePlugin& root, const ParamObject& overrides) : root_(root) {
    for (const auto& [path, value] : overrides.fields()) locate(path, value);
  }

  BasePlugin copy_root() { return copy(root_); }

 private:
  [[noreturn]] void throw_no_path(const std::string& path, const BasePlugin& at,
                                  std::string_view step) const;
  void locate(const std::string& path, const ParamValue& value);
  BasePlugin copy(const BasePlugin& plugin);
  ParamValue copy(const ParamValue& value);

  const BasePlugin& root_;
  std::map<const BasePlugin::Record*, std::vector<Change>> changes_;
  std::map<const BasePlugin::Record*, BasePlugin> copies_;
};

void Cloner::throw_no_path(const std::string& path, const BasePlugin& at,
                           std::string_view step) const {
  std::vector<std::string> names;
  for (const auto& [name, value] : at.params().fields()) names.push_back(name);
  std::string text = root_.record()->class_record().label + " clone: no parameter '" + path + "'";
  if (&at != &root_) text += ": " + at.get_class().name() + " has no '" + std::string(step) + "'";
  const std::string guess = did_you_mean(step, names);
  if (!guess.empty()) text += "; " + guess;
  throw Error(ErrorCode::kBadParams, text,
              {.class_name = root_.get_class().name(), .hash = "", .key = ""});
}

void Cloner::locate(const std::string& path, const ParamValue& value) {
  const BasePlugin* owner = &root_;
  std::string_view from_owner = path;
  std::string_view rest = path;
  const ParamValue* at = nullptr;  // nullptr: the owner itself
  for (;;) {
    const auto [step, next] = split_first(rest);
    const bool last = step.size() == rest.size();
    const ParamValue* found = at == nullptr ? owner->params().find(step) : step_into(*at, step);
    const bool open =
        at == nullptr && last && !step.empty() && owner->get_class().facts().open_params;
    if (found == nullptr && !open) throw_no_path(path, *owner, step);
    if (last) break;
    if (const BasePlugin* instance = found->if_instance()) {
      owner = instance;
      from_owner = next;
      at = nullptr;
    } else {
      at = found;
    }
    rest = next;
  }
  changes_[owner->record().get()].push_back({std::string(from_owner), &value});
}

ParamValue Cloner::copy(const ParamValue& value) {
  if (const BasePlugin* instance = value.if_instance()) return copy(*instance);
  if (const ParamList* items = value.if_list()) {
    ParamList list;
    list.reserve(items->size());
    for (const ParamValue& item : *items) list.push_back(copy(item));
    return list;
  }
  if (const ParamObject* fields = value.if_object()) {
    ParamObject object;
    for (const auto& [key, field] : fields->fields()) object.append(key, copy(field));
    return object;
  }
  return value;
}

BasePlugin Cloner::copy(const BasePlugin& plugin) {
  const BasePlugin::Record& record = *plugin.record();
  if (const auto known = copies_.find(&record); known != copies_.end()) return known->second;
  const std::vector<Change>& changes = changes_[&record];
  ParamObject params;
  for (const auto& [name, value] : record.params.fields()) {
    const bool replaced = std::any_of(changes.begin(), changes.end(),
                                      [&](const Change& change) { return change.path == name; });
    params.append(name, replaced ? ParamValue() : copy(value));
  }
  for (const Change& change : changes) apply(change, params);
  const BasePlugin clone = plugin.get_class().create(std::move(params), record.host);
  for (const auto& [name, value] : record.attributes.fields()) {
    clone.record()->attributes.set(name, value);
  }
  copies_.emplace(&record, clone);
  return clone;
}

}  // namespace

BasePlugin clone_with(const BasePlugin& plugin, const ParamObject& overrides) {
  return Cloner(plugin, overrides).copy_root();
}

}  // namespace pet
