#include "storage/memory_storage.hpp"

#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet {

void MemoryStorage::flip_bit(std::string_view key, std::uint64_t bit) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end() || bit / 8 >= found->second->size()) {
    throw Error(ErrorCode::kUsage,
                "flip_bit: " + quoted(key) + " has no bit " + std::to_string(bit),
                {.class_name = {}, .hash = {}, .key = std::string(key)});
  }
  std::string damaged = *found->second;
  damaged[bit / 8] ^= static_cast<char>(1u << (bit % 8));
  found->second = std::make_shared<const std::string>(std::move(damaged));
}

// Null when absent.
std::shared_ptr<const std::string> MemoryStorage::find(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

bool MemoryStorage::do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const {
  const std::shared_ptr<const std::string> object = find(key);
  if (!object) return false;
  check_size(key, object->size(), max_size);
  sink.begin(object->size());
  sink.write(*object);
  return true;
}

std::optional<std::string> MemoryStorage::do_get_range(std::string_view key, std::uint64_t offset,
                                                       std::uint64_t length) const {
  const std::shared_ptr<const std::string> object = find(key);
  if (!object) return std::nullopt;
  if (offset >= object->size()) return std::string();
  return object->substr(offset, length);
}

void MemoryStorage::do_put(std::string_view key, std::string_view bytes) {
  auto object = std::make_shared<const std::string>(bytes);
  const std::lock_guard lock(mutex_);
  objects_.insert_or_assign(std::string(key), std::move(object));
}

bool MemoryStorage::do_put_if_absent(std::string_view key, std::string_view bytes) {
  auto object = std::make_shared<const std::string>(bytes);
  const std::lock_guard lock(mutex_);
  return objects_.try_emplace(std::string(key), std::move(object)).second;
}

std::optional<ObjectInfo> MemoryStorage::do_head(std::string_view key) const {
  const std::shared_ptr<const std::string> object = find(key);
  if (!object) return std::nullopt;
  return ObjectInfo{object->size()};
}

std::vector<std::string> MemoryStorage::do_list(std::string_view prefix,
                                                std::string_view start_after,
                                                std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  auto next =
      start_after < prefix ? objects_.lower_bound(prefix) : objects_.upper_bound(start_after);
  for (; next != objects_.end() && keys.size() < limit; ++next) {
    if (!next->first.starts_with(prefix)) break;
    keys.push_back(next->first);
  }
  return keys;
}

bool MemoryStorage::do_remove(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return false;
  objects_.erase(found);
  return true;
}

}  // namespace pet
