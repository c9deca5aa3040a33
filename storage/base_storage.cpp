#include "storage/base_storage.hpp"

#include <unordered_set>

#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

void require(bool able, const BaseStorage& storage, std::string_view verb, std::string_view key) {
  if (able) return;
  throw Error(ErrorCode::kStorageUnsupported,
              storage.describe() + " cannot " + std::string(verb) +
                  (verb == "list" ? ": name the class, which can be read, or" : ":") +
                  " choose a storage that can with --storage",
              {.class_name = {}, .hash = {}, .key = std::string(key)});
}

// Which of two items with one key would win is nowhere promised, so asking for it is a mistake.
void check_distinct(std::span<const PutItem> items) {
  std::unordered_set<std::string_view> keys;
  for (const PutItem& item : items) {
    if (keys.insert(item.key).second) continue;
    throw Error(
        ErrorCode::kUsage,
        "put_many was given " + quoted(item.key) + " twice: put each key once, or in two calls",
        {.class_name = {}, .hash = {}, .key = std::string(item.key)});
  }
}

}  // namespace

bool BaseStorage::read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const {
  check_key(key);
  if (!watch_) return do_read(key, sink, max_size);
  WatchedSink watched(sink, watch_, describe(), key);
  return do_read(key, watched, max_size);
}

std::optional<std::string> BaseStorage::get(std::string_view key, std::uint64_t max_size) const {
  StringSink bytes;
  if (!read(key, bytes, max_size)) return std::nullopt;
  return bytes.take();
}

std::optional<std::string> BaseStorage::get_range(std::string_view key, std::uint64_t offset,
                                                  std::uint64_t length) const {
  check_key(key);
  return do_get_range(key, offset, length);
}

void BaseStorage::put(std::string_view key, std::string_view bytes) {
  check_key(key);
  require(capabilities().write, *this, "write", key);
  do_put(key, bytes);
}

bool BaseStorage::put_if_absent(std::string_view key, std::string_view bytes) {
  check_key(key);
  require(capabilities().write, *this, "write", key);
  require(capabilities().put_if_absent, *this, "put if absent", key);
  return do_put_if_absent(key, bytes);
}

std::vector<PutOutcome> BaseStorage::put_many(std::span<const PutItem> items) {
  const Capabilities able = capabilities();
  for (const PutItem& item : items) {
    check_key(item.key);
    require(able.write, *this, "write", item.key);
    require(able.put_if_absent || item.mode != PutMode::kIfAbsent, *this, "put if absent",
            item.key);
  }
  check_distinct(items);
  if (items.empty()) return {};
  return do_put_many(items);
}

std::optional<ObjectInfo> BaseStorage::head(std::string_view key) const {
  check_key(key);
  return do_head(key);
}

std::vector<std::string> BaseStorage::list(std::string_view prefix, std::string_view start_after,
                                           std::size_t limit) const {
  check_prefix(prefix);
  check_prefix(start_after);
  require(capabilities().list, *this, "list", prefix);
  if (limit == 0) return {};
  return do_list(prefix, start_after, limit);
}

std::vector<ListedObject> BaseStorage::list_objects(std::string_view prefix,
                                                    std::string_view start_after,
                                                    std::size_t limit) const {
  check_prefix(prefix);
  check_prefix(start_after);
  require(capabilities().list, *this, "list", prefix);
  if (limit == 0) return {};
  return do_list_objects(prefix, start_after, limit);
}

bool BaseStorage::remove(std::string_view key) {
  check_key(key);
  require(capabilities().write, *this, "write", key);
  return do_remove(key);
}

std::vector<PutOutcome> BaseStorage::do_put_many(std::span<const PutItem> items) {
  std::vector<PutOutcome> outcomes;
  outcomes.reserve(items.size());
  for (const PutItem& item : items) {
    PutOutcome outcome = PutOutcome::kWritten;
    if (item.mode == PutMode::kReplace) {
      do_put(item.key, item.bytes);
    } else if (!do_put_if_absent(item.key, item.bytes)) {
      outcome = PutOutcome::kAlreadyThere;
    }
    outcomes.push_back(outcome);
  }
  return outcomes;
}

std::vector<ListedObject> BaseStorage::do_list_objects(std::string_view prefix,
                                                       std::string_view start_after,
                                                       std::size_t limit) const {
  std::vector<ListedObject> objects;
  for (std::string& key : do_list(prefix, start_after, limit)) {
    // One that has gone meanwhile is not listed.
    if (const std::optional<ObjectInfo> info = do_head(key)) {
      objects.push_back({std::move(key), info->size});
    }
  }
  return objects;
}

void BaseStorage::check_size(std::string_view key, std::uint64_t size, std::uint64_t max_size,
                             SizeIs known) const {
  if (size <= max_size) return;
  throw Error(ErrorCode::kCorrupt,
              quoted(key) + " in " + describe() + " has " +
                  (known == SizeIs::kKnown ? "" : "at least ") + std::to_string(size) +
                  " bytes, at most " + std::to_string(max_size) +
                  " were expected: put the right object there, or read it with a larger max_size",
              {.class_name = {}, .hash = {}, .key = std::string(key)});
}

}  // namespace pet
