#include "core/registry/class_objects.hpp"

#include <algorithm>

#include "core/registry/keys.hpp"

namespace pet {
namespace {

constexpr std::size_t kPage = 1000;  // what S3 lists at once

}  // namespace

std::optional<ClassObjects> ClassObjects::list(const BaseStorage& storage,
                                               std::string_view prefix) {
  ClassObjects objects;
  std::vector<ListedObject> listed = storage.list_objects(prefix, {}, kPage);
  if (listed.size() == kPage) return std::nullopt;
  for (ListedObject& object : listed) objects.sizes_.emplace(std::move(object.key), object.size);
  return objects;
}

std::optional<ObjectInfo> ClassObjects::find(std::string_view key) const {
  const auto found = sizes_.find(key);
  return found == sizes_.end() ? std::nullopt : std::optional(ObjectInfo{found->second});
}

std::uint64_t ClassObjects::last_number(std::string_view class_name) const {
  std::uint64_t last = 0;
  for (const auto& [key, size] : sizes_) {
    last = std::max(last, log_number(key, class_name).value_or(0));
  }
  return last;
}

std::string_view ClassObjects::first_key() const {
  return sizes_.empty() ? std::string_view() : sizes_.begin()->first;
}

}  // namespace pet
