#include "core/registry/rollback.hpp"

#include <algorithm>

#include "storage/error.hpp"

namespace pet {
namespace {

constexpr std::size_t kPage = 64;

bool names(const LogEntry& entry, const Hash& hash) {
  return std::ranges::any_of(entry.release,
                             [&](const auto& file) { return file.second.hash == hash; });
}

// The newest entry that `wanted` accepts. A few are read at first: most go back by one.
template <class Wanted>
std::optional<LogEntry> newest_that(const Registry& registry, const std::string& class_name,
                                    const Wanted& wanted) {
  for (const std::size_t limit : {kPage, BaseStorage::kNoLimit}) {
    const std::vector<LogEntry> entries = registry.history(class_name, limit);
    const auto found = std::ranges::find_if(entries, wanted);
    if (found != entries.end()) return *found;
    if (entries.size() < limit) break;
  }
  return std::nullopt;
}

[[noreturn]] void throw_not_found(const Rollback& rollback, const std::string& what) {
  throw Error(ErrorCode::kVersionNotFound,
              what + "\n  try: petctl log " + rollback.class_name + ", which shows all",
              {.class_name = rollback.class_name,
               .hash = rollback.hash ? rollback.hash->hex() : "",
               .key = {}});
}

LogEntry target_of(const Registry& registry, const Rollback& rollback, const LogEntry& newest) {
  const std::string& name = rollback.class_name;
  if (rollback.number) {
    if (std::optional<LogEntry> entry = registry.entry(name, *rollback.number)) return *entry;
    throw_not_found(rollback, "the log of " + name + " has no entry #" +
                                  std::to_string(*rollback.number) + ", the newest is #" +
                                  std::to_string(newest.number));
  }
  const auto found = newest_that(registry, name, [&](const LogEntry& entry) {
    return rollback.hash ? names(entry, *rollback.hash) : entry.release != newest.release;
  });
  if (found) return *found;
  throw_not_found(
      rollback, rollback.hash ? "no entry of the log of " + name + " names " + rollback.hash->hex()
                              : "nothing to go back to: " + name + " " + newest.hash.short_hex() +
                                    " is the only release that was ever latest");
}

}  // namespace

PushResult roll_back(Registry& registry, const Rollback& rollback) {
  const LogEntry newest = registry.require_newest(rollback.class_name);
  const LogEntry target = target_of(registry, rollback, newest);
  return registry.publish(
      rollback.class_name, target.hash, target.release,
      {.message = rollback.message.value_or("back to #" + std::to_string(target.number))});
}

}  // namespace pet
