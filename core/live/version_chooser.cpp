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

ClassVersion version_of(const LogEntry& entry) {
  return {.name = entry.class_name,
          .hash = Registry::require_platform(entry).hash,
          .builtin = {},
          .number = entry.number,
          .time = entry.time};
}

}  // namespace

ClassVersion VersionChooser::choose(const std::string& name,
                                    const std::optional<Hash>& but_not) const {
  const PetClassManager& manager = factory_.manager();
  const std::optional<LogEntry> newest =
      manager.storage_handle() == nullptr ? std::nullopt : manager.latest_meta(name);
  if (newest) {
    ClassVersion version = version_of(*newest);
    const bool is_bad = version.hash == but_not || rejections_.find(*version.hash);
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

// The newest is rejected: back to one that is not.
ClassVersion VersionChooser::newest_good(const std::string& name,
                                         const std::optional<Hash>& but_not) const {
  std::string last_reason;
  std::size_t passed = 0;
  std::uint64_t newest_number = 0;
  for (const LogEntry& entry : factory_.manager().history(name)) {
    newest_number = std::max(newest_number, entry.number);
    const auto file = entry.release.find(Machine::current().platform);
    if (file == entry.release.end()) continue;
    const std::optional<Rejection> rejection = rejections_.find(file->second.hash);
    if (!rejection && file->second.hash != but_not) {
      ClassVersion version = version_of(entry);
      version.number = newest_number;  // what comes above it is a move
      return version;
    }
    if (passed++ == 0 && rejection) last_reason = rejection->reason;
  }
  throw Error(ErrorCode::kVersionNotFound,
              "all versions of " + name + " in " + factory_.manager().storage() +
                  " have been rejected here, the newest because: " + last_reason +
                  "\n  try: push a version that works; or remove the object rejected/<hash>.json "
                  "of one of them where rejections are kept, and start again",
              {.class_name = name, .hash = {}, .key = {}});
}

bool VersionChooser::may_have_moved(const ClassVersion& known) const {
  const PetClassManager& manager = factory_.manager();
  return manager.storage_handle() != nullptr && manager.has_newer(known.name, known.number);
}

}  // namespace pet
