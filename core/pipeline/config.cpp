#include "core/pipeline/config.hpp"

#include <algorithm>
#include <array>

#include "core/artifact/class_name.hpp"
#include "core/near_miss.hpp"
#include "core/pipeline/json_position.hpp"

namespace pet {
namespace {

const std::array<std::string, 6> kNodeKeys{"clazz",     "version_hash", "params",
                                           "platforms", "builtin",      "state_hash"};

bool is_node(const ParamValue& value) {
  const ParamObject* object = value.if_object();
  return object != nullptr && object->contains("clazz");
}

// Walks the tree depth first. Recursion is bounded by kMaxConfigDepth.
class ConfigReader {
 public:
  ConfigReader(std::string_view platform, ConfigProblems& problems, std::vector<ConfigNode>& nodes)
      : platform_(platform), problems_(problems), nodes_(nodes) {}

  void read_value(ParamValue& value, const std::string& pointer, std::size_t depth);

 private:
  void read_node(ParamValue& value, const std::string& pointer, std::size_t depth);
  void read_clazz(ConfigNode& node, const ParamObject& object);
  void read_keys(ConfigNode& node, const ParamObject& object);
  void read_pins(ConfigNode& node, const ParamObject& object);
  void read_platforms(ConfigNode& node, const ParamObject& platforms);
  std::optional<Hash> read_hash(ConfigNode& node, const ParamValue* value,
                                const std::string& pointer);

  void refuse(ConfigNode& node, const std::string& pointer, ErrorCode code,
              const std::string& message) {
    node.is_valid = false;
    problems_.add(pointer, Error(code, message, {.class_name = node.clazz, .hash = {}, .key = {}}));
  }

  std::string_view platform_;
  ConfigProblems& problems_;
  std::vector<ConfigNode>& nodes_;
};

void ConfigReader::read_value(ParamValue& value, const std::string& pointer, std::size_t depth) {
  if (depth > kMaxConfigDepth) {
    problems_.add(pointer, ErrorCode::kBadConfig,
                  "nested deeper than " + std::to_string(kMaxConfigDepth) + " levels: the limit");
    return;
  }
  if (ParamList* list = value.if_list()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      read_value((*list)[i], pointer_to(pointer, i), depth + 1);
    }
  } else if (is_node(value)) {
    read_node(value, pointer, depth);
  } else if (ParamObject* object = value.if_object()) {
    for (auto& [key, field] : object->fields()) {
      read_value(field, pointer_to(pointer, key), depth + 1);
    }
  }
}

void ConfigReader::read_node(ParamValue& value, const std::string& pointer, std::size_t depth) {
  ParamObject& object = *value.if_object();
  ConfigNode node;
  node.pointer = pointer;
  node.place = &value;
  node.is_class = !object.contains("params");
  read_clazz(node, object);
  read_keys(node, object);
  read_pins(node, object);
  for (auto& [key, inner] : object.fields()) {
    const bool is_attribute = key.starts_with('_');
    const bool is_params = key == "params";
    if (is_attribute || (is_params && inner.if_object())) {
      // `params` itself is no value: an object in its place with a parameter called "clazz" is no
      // node.
      if (is_attribute) {
        read_value(inner, pointer_to(pointer, key), depth + 1);
        continue;
      }
      for (auto& [name, parameter] : inner.if_object()->fields()) {
        read_value(parameter, pointer_to(pointer_to(pointer, key), name), depth + 2);
      }
    }
  }
  nodes_.push_back(std::move(node));
}

void ConfigReader::read_clazz(ConfigNode& node, const ParamObject& object) {
  const std::string pointer = pointer_to(node.pointer, "clazz");
  const ParamValue& value = object.at("clazz");
  const std::string* name = value.if_text();
  if (name == nullptr) {
    refuse(node, pointer, ErrorCode::kBadConfig,
           "expected a class's name, found " + shown_value(value));
    return;
  }
  node.clazz = *name;
  try {
    require_class_name(*name);
  } catch (const Error& error) {
    node.is_valid = false;
    problems_.add(pointer, error);
  }
}

void ConfigReader::read_keys(ConfigNode& node, const ParamObject& object) {
  for (const auto& [key, value] : object.fields()) {
    const std::string pointer = pointer_to(node.pointer, key);
    if (key.starts_with('_')) {
      if (node.is_class) {
        refuse(node, pointer, ErrorCode::kBadConfig,
               "a node without \"params\" is the class itself, which has no attributes: add "
               "\"params\"");
      }
      continue;
    }
    if (std::find(kNodeKeys.begin(), kNodeKeys.end(), key) == kNodeKeys.end()) {
      const std::string hint = did_you_mean(key, kNodeKeys);
      refuse(node, pointer, ErrorCode::kBadConfig,
             "unknown key " + shown_text(key) + ": " +
                 (hint.empty() ? "parameters go into \"params\", private attributes begin with '_'"
                               : hint));
    } else if (key == "params" && !value.if_object()) {
      refuse(node, pointer, ErrorCode::kBadConfig,
             "expected an object of parameters, found " + shown_value(value) +
                 ": leave it out to mean the class itself");
    }
  }
}

std::optional<Hash> ConfigReader::read_hash(ConfigNode& node, const ParamValue* value,
                                            const std::string& pointer) {
  if (value == nullptr || value->is_null()) return std::nullopt;
  const std::string* text = value->if_text();
  if (text != nullptr && text->empty()) return std::nullopt;
  if (text == nullptr) {
    refuse(node, pointer, ErrorCode::kInvalidHash,
           "expected a hash (64 hex digits in a text) or null, found " + shown_value(*value));
    return std::nullopt;
  }
  try {
    return Hash::require(*text);
  } catch (const Error& error) {
    refuse(node, pointer, error.code(), error.what());
    return std::nullopt;
  }
}

void ConfigReader::read_pins(ConfigNode& node, const ParamObject& object) {
  node.hash =
      read_hash(node, object.find("version_hash"), pointer_to(node.pointer, "version_hash"));
  node.state_hash =
      read_hash(node, object.find("state_hash"), pointer_to(node.pointer, "state_hash"));
  if (const ParamValue* platforms = object.find("platforms"); platforms && !platforms->is_null()) {
    if (const ParamObject* hashes = platforms->if_object()) {
      read_platforms(node, *hashes);
    } else {
      refuse(node, pointer_to(node.pointer, "platforms"), ErrorCode::kBadConfig,
             "expected an object {platform: hash}, found " + shown_value(*platforms));
    }
  }
  const ParamValue* builtin = object.find("builtin");
  if (builtin == nullptr || builtin->is_null()) return;
  const std::string* version = builtin->if_text();
  if (version == nullptr || version->empty()) {
    refuse(node, pointer_to(node.pointer, "builtin"), ErrorCode::kBadConfig,
           "expected the version of a built-in class as a text, found " + shown_value(*builtin));
  } else if (node.hash) {
    refuse(node, pointer_to(node.pointer, "builtin"), ErrorCode::kBadConfig,
           "this node is pinned to the built-in version " + shown_text(*version) +
               " and to the binary " + node.hash->short_hex() + ": keep one");
  } else {
    node.builtin = *version;
  }
}

void ConfigReader::read_platforms(ConfigNode& node, const ParamObject& platforms) {
  const std::string pointer = pointer_to(node.pointer, "platforms");
  std::optional<Hash> here;
  std::string known;
  bool names_version_hash = !node.hash.has_value();
  for (const auto& [platform, value] : platforms.fields()) {
    const std::optional<Hash> hash = read_hash(node, &value, pointer_to(pointer, platform));
    if (!hash) continue;
    if (platform == platform_) here = hash;
    if (hash == node.hash) names_version_hash = true;
    known += (known.empty() ? "" : ", ") + platform;
  }
  if (!node.is_valid || known.empty()) return;
  if (!names_version_hash) {
    refuse(node, pointer, ErrorCode::kBadConfig,
           "version_hash " + node.hash->short_hex() +
               " is none of the hashes in \"platforms\": correct one");
  } else if (!here) {
    refuse(node, pointer, ErrorCode::kNoBinaryForPlatform,
           node.clazz + " is pinned for " + known + "; this machine is " + std::string(platform_) +
               ": add its hash to \"platforms\", or pin the config again here");
  } else {
    node.hash = here;
  }
}

}  // namespace

Config Config::read(ParamValue root, std::string_view platform, ConfigProblems& problems) {
  Config config;
  config.root_ = std::make_unique<ParamValue>(std::move(root));
  ConfigReader(platform, problems, config.nodes_).read_value(*config.root_, "", 0);
  return config;
}

std::string shown_value(const ParamValue& value) {
  if (const std::string* text = value.if_text()) {
    return text->empty() ? "an empty text" : "the text " + shown_text(*text);
  }
  if (value.is_null()) return "null";
  if (const bool* boolean = value.if_bool()) return *boolean ? "true" : "false";
  if (value.if_int64() || value.if_float64()) return "a number";
  if (value.if_list()) return "a list";
  if (value.if_object()) return "an object";
  return value.if_class() ? "a class" : "an instance";
}

}  // namespace pet
