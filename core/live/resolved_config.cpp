#include "core/live/resolved_config.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/artifact/machine.hpp"
#include "core/near_miss.hpp"
#include "core/pipeline/config.hpp"
#include "core/pipeline/json_document.hpp"
#include "core/pipeline/json_position.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

Config read_config(const ParamObject& config, const std::string& source) {
  ConfigProblems problems(source);
  Config read = Config::read(ParamValue(config), Machine::current().platform, problems);
  problems.throw_if_any();
  return read;
}

// Two versions with the same are the same code.
using Identity = std::tuple<std::string_view, std::optional<Hash>, std::string_view>;

Identity identity(const ClassVersion& version) {
  return {version.name, version.hash, version.builtin};
}

bool is_pinned(const ConfigNode& node) { return node.hash || node.builtin; }

void pin(ParamObject& node, const ClassVersion& version) {
  node.erase("platforms");
  node.erase("builtin");
  if (version.hash) {
    node.set("version_hash", version.hash->hex());
  } else {
    node.set("version_hash", nullptr);
    node.set("builtin", version.builtin);
  }
}

}  // namespace

std::string ClassVersion::shown() const {
  return hash ? name + " " + hash->short_hex() : name + " (built in, " + builtin + ")";
}

const ClassVersion* ResolvedConfig::find(const std::string& name) const {
  const auto found = std::ranges::find(classes, name, &ClassVersion::name);
  return found == classes.end() ? nullptr : &*found;
}

bool ResolvedConfig::contains(const ClassVersion& version) const {
  return std::ranges::any_of(classes, [&](const auto& other) { return version.is(other); });
}

std::vector<ClassVersion> moved_classes(const ResolvedConfig* from, const ResolvedConfig& to) {
  std::set<Identity> before;
  if (from != nullptr) {
    for (const ClassVersion& version : from->classes) before.insert(identity(version));
  }
  std::vector<ClassVersion> moved;
  for (const ClassVersion& version : to.classes) {
    if (!before.contains(identity(version))) moved.push_back(version);
  }
  return moved;
}

LiveConfig::LiveConfig(ParamObject config, LiveConfigOptions options)
    : config_(std::move(config)), options_(std::move(options)) {
  std::vector<std::string> names;
  const Config read = read_config(config_, options_.source);
  for (const ConfigNode& node : read.nodes()) {
    names.push_back(node.clazz);
    if (!is_pinned(node) || follows(node.clazz)) followed_.push_back(node.clazz);
  }
  for (const std::string& name : options_.follow) {
    if (std::ranges::find(names, name) != names.end()) continue;
    throw Error(ErrorCode::kUsage,
                options_.source + " has no class " + shown_text(name) + " to follow" +
                    (names.empty() ? "" : ": " + did_you_mean(name, names)),
                {.class_name = name, .hash = {}, .key = {}});
  }
  std::ranges::sort(followed_);
  const auto doubled = std::ranges::unique(followed_);
  followed_.erase(doubled.begin(), doubled.end());
}

bool LiveConfig::follows(const std::string& name) const {
  return std::ranges::find(options_.follow, name) != options_.follow.end();
}

ResolvedConfig LiveConfig::resolve(const ClassChoices& choices) const {
  Config read = read_config(config_, options_.source);
  ResolvedConfig resolved;
  std::set<std::tuple<std::string, std::optional<Hash>, std::string>> seen;
  const auto add = [&](const ClassVersion& version) {
    const bool is_new = seen.emplace(version.name, version.hash, version.builtin).second;
    if (is_new) resolved.classes.push_back(version);
  };
  for (const ConfigNode& node : read.nodes()) {
    if (node.state_hash) resolved.states.emplace_back(node.clazz, *node.state_hash);
    if (is_pinned(node) && !follows(node.clazz)) {
      add({.name = node.clazz, .hash = node.hash, .builtin = node.builtin.value_or("")});
      if (node.hash) pin(*node.place->if_object(), {.name = node.clazz, .hash = node.hash});
      continue;
    }
    const ClassVersion& choice = choices.find(node.clazz)->second;
    pin(*node.place->if_object(), choice);
    add(choice);
  }
  resolved.config = read.root().as_object();
  resolved.text = to_json(resolved.config);
  resolved.id = Hash::of(resolved.text);
  return resolved;
}

}  // namespace pet
