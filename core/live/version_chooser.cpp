#include "core/live/version_chooser.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/artifact/machine.hpp"
#include "core/factory/pet_factory.hpp"
#include "core/live/rejections.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

constexpr std::size_t kFirstLook = 16;  // entries of a log
constexpr std::size_t kMore = 8;        // times as many, when these do not do

ClassVersion version_of(const LogEntry& entry) {
  return {.name = entry.class_name,
          .hash = Registry::require_platform(entry).hash,
          .builtin = {},
          .number = entry.number,
          .time = entry.time};
}

}  // namespace

ClassVersion VersionChooser::choose(const std::string& name, const std::set<Hash>& but_not) const {
  const PetClassManager& manager = factory_.manager();
  const std::optional<LogEntry> newest =
      manager.storage_handle() == nullptr ? std::nullopt : manager.latest_meta(name);
  if (newest) {
    ClassVersion version = version_of(*newest);
    const bool is_bad = but_not.contains(*version.hash) || rejections_.find(*version.hash);
    return is_bad ? newest_good(name, but_not) : version;
  }
  if (const std::optional<PetClass> builtin = factory_.get_builtin(name)) {
    return {.name = name, .hash = {}, .builtin = builtin->version()};
  }
  static_cast<void>(factory_[name]);  // throws, with all that can be said
  throw Error(ErrorCode::kClassNotFound,
              name + " is registered in this process, but neither in " + manager.storage() +
                  " nor compiled in: push it, so that it can be followed",
              {.class_name = name, .hash = {}, .key = {}});
}

// The newest is not to be had: back to one that is. Mostly that is near, and a log may be long.
ClassVersion VersionChooser::newest_good(const std::string& name,
                                         const std::set<Hash>& but_not) const {
  std::optional<Rejection> last;
  std::size_t count = kFirstLook;
  for (bool is_all = false; !is_all; count *= kMore) {
    const std::vector<LogEntry> entries = factory_.manager().history(name, count);
    is_all = entries.size() < count;
    for (const LogEntry& entry : entries) {
      const auto file = entry.release.find(Machine::current().platform);
      if (file == entry.release.end()) continue;
      const std::optional<Rejection> rejection = rejections_.find(file->second.hash);
      if (!rejection && !but_not.contains(file->second.hash)) {
        ClassVersion version = version_of(entry);
        version.number = entries.front().number;  // what comes above it is a move
        return version;
      }
      if (!last) last = rejection;
    }
  }
  throw none_is_good(name, last);
}

Error VersionChooser::none_is_good(const std::string& name,
                                   const std::optional<Rejection>& last) const {
  const Error::Subject subject{.class_name = name, .hash = {}, .key = {}};
  const std::string where = " of " + name + " in " + factory_.manager().storage();
  if (!last) {
    return {ErrorCode::kVersionNotFound,
            "no binary that the log" + where + " names is there\n  try: push one again", subject};
  }
  return {ErrorCode::kVersionNotFound,
          "all versions" + where + " have been rejected here, the newest because: " + last->reason +
              "\n  try: push a version that works; or let one be tried again: petctl forgive " +
              name + "@" + last->hash.hex().substr(0, 12),
          subject};
}

bool VersionChooser::may_have_moved(const ClassVersion& known) const {
  const PetClassManager& manager = factory_.manager();
  return manager.storage_handle() != nullptr && manager.has_newer(known.name, known.number);
}

}  // namespace pet
