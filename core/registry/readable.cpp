#include "core/registry/readable.hpp"

#include <memory>
#include <optional>
#include <string>

#include "core/registry/keys.hpp"
#include "storage/base_storage.hpp"

namespace pet {
namespace {

Error of_class(const std::string& name, const Error& error) {
  return {
      error.code(), error.what(), {.class_name = name, .hash = error.hash(), .key = error.key()}};
}

// The class that a list came to when it was refused "/srv/pets/plugins/MyFilter"; empty when it was
// refused something else.
std::string refused_class(const Error& error) {
  const std::string prefix = "/" + std::string(kClassesPrefix);
  const std::size_t at = error.key().rfind(prefix);
  if (at == std::string::npos) return {};
  const std::string key = error.key().substr(at + 1);
  return std::string(class_of(key + "/").value_or(""));
}

// Class by class, past the folders that may not be listed, whose classes are `damage` then.
std::vector<std::string> readable_names(const BaseStorage& storage, std::vector<Error>& damage) {
  std::vector<std::string> names;
  std::string after;
  const auto pass = [&after](std::string_view name) {  // '0' follows '/'
    after = std::string(kClassesPrefix).append(name).append("0");
  };
  while (true) {
    try {
      const std::vector<std::string> keys = storage.list(kClassesPrefix, after, 1);
      if (keys.empty()) return names;
      const std::optional<std::string_view> name = class_of(keys.front());
      if (name && !is_state(keys.front(), *name)) names.emplace_back(*name);
      name ? pass(*name) : void(after = keys.front());
    } catch (const Error& error) {
      const std::string name = is_damage(error) ? refused_class(error) : "";
      if (name.empty() || std::string(kClassesPrefix).append(name) < after) throw;
      damage.push_back(of_class(name, error));
      pass(name);
    }
  }
}

}  // namespace

bool is_damage(const Error& error) {
  return error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kStorageRefused;
}

ReadableLog readable_log(const Registry& registry, std::string_view class_name) {
  ReadableLog log;
  try {
    log.entries = registry.history(class_name);
    return log;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorrupt) throw;
    log.damage.push_back(error);
  }
  const std::vector<std::string> keys = registry.storage()->list(log_prefix(class_name));
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    const std::optional<std::uint64_t> number = log_number(*key, class_name);
    if (!number) continue;
    try {
      if (auto entry = registry.entry(class_name, *number)) {
        log.entries.push_back(*std::move(entry));
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt) throw;
      if (error.key() != log.damage.front().key()) log.damage.push_back(error);
    }
  }
  return log;
}

ReadableClasses readable_classes(const Registry& registry) {
  try {
    return {registry.classes(), {}};
  } catch (const Error& error) {
    if (!is_damage(error)) throw;
  }
  ReadableClasses classes;
  for (const std::string& name : readable_names(*registry.storage(), classes.damage)) {
    try {
      classes.found.push_back({name, registry.newest(name)});
    } catch (const Error& error) {
      if (!is_damage(error)) throw;
      classes.damage.push_back(of_class(name, error));
    }
  }
  return classes;
}

}  // namespace pet
