// What goes out: classes, binaries and states → storage.
#include <utility>

#include "core/artifact/class_name.hpp"
#include "core/artifact/machine.hpp"
#include "core/cache/binary_cache.hpp"
#include "core/factory/pet_class_manager_state.hpp"
#include "core/registry/keys.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

const Hash& require_hash(const PetClass& clazz) {
  if (clazz.hash()) return *clazz.hash();
  throw Error(ErrorCode::kNoBinary,
              clazz.name() +
                  " is compiled into this program and has no binary: build it with "
                  "pet_add_plugin and bind the .so",
              {clazz.name(), {}, {}});
}

Status status_of(const std::optional<LogEntry>& newest, std::string_view platform,
                 const Hash& hash) {
  if (!newest) return Status::kUntracked;
  const auto file = newest->release.find(platform);
  return file != newest->release.end() && file->second.hash == hash ? Status::kSynced
                                                                    : Status::kOutOfSync;
}

}  // namespace

std::string_view to_string(Status status) noexcept {
  switch (status) {
    case Status::kSynced:
      return "synced";
    case Status::kUntracked:
      return "untracked";
    case Status::kOutOfSync:
      return "out_of_sync";
  }
  return "unknown";
}

Hash PetClassManager::get_class_hash(const PetClass& clazz) const { return require_hash(clazz); }

Hash PetClassManager::get_class_hash(const std::filesystem::path& file) const {
  return Binary::read(file).hash();
}

Status PetClassManager::check_status(const PetClass& clazz) const {
  const Hash& hash = require_hash(clazz);
  return status_of(online("the status of " + clazz.name())->registry->newest(clazz.name()),
                   Machine::current().platform, hash);
}

Status PetClassManager::check_status(const Binary& binary) const {
  const Facts facts = loader_.check_pushable(binary);
  return status_of(online("the status of " + facts.clazz.name)->registry->newest(facts.clazz.name),
                   facts.platform, binary.hash());
}

Binary PetClassManager::binary_of(const State& now, const PetClass& clazz) const {
  const Hash& hash = require_hash(clazz);
  return clazz.binary() != nullptr ? *clazz.binary() : fetch(now, clazz.name(), hash).binary;
}

PushItem PetClassManager::item_of(std::span<const Binary> release,
                                  const PublishOptions& options) const {
  PushItem item{{}, options};
  if (options_.verify) item.options.check_existing = CheckExisting::kBytes;
  for (const Binary& binary : release) {
    item.binaries.push_back({binary, loader_.check_pushable(binary)});
  }
  return item;
}

void PetClassManager::persist_class(const PetClass& clazz) const {
  require_hash(clazz);
  const auto now = online("persisting " + clazz.name());
  const Binary binary = binary_of(*now, clazz);
  now->registry->persist(item_of({&binary, 1}, {}));
}

void PetClassManager::persist(std::span<const Binary> release) const {
  const PushItem item = item_of(release, {});
  online("persisting")->registry->persist(item);
}

PushResult PetClassManager::push(const PetClass& clazz, const PublishOptions& options) const {
  require_hash(clazz);
  const auto now = online("push of " + clazz.name());
  const Binary binary = binary_of(*now, clazz);
  return now->registry->push(item_of({&binary, 1}, options));
}

PushResult PetClassManager::push(std::span<const Binary> release,
                                 const PublishOptions& options) const {
  const PushItem item = item_of(release, options);
  return online("push")->registry->push(item);
}

std::vector<PushOutcome> PetClassManager::push_many(std::span<const PetClass> classes,
                                                    const PublishOptions& options) const {
  std::vector<PushOutcome> outcomes(classes.size());
  if (classes.empty()) return outcomes;
  const auto now = online("push");
  std::vector<PushItem> items;
  std::vector<std::size_t> places;  // of the items among the classes
  for (std::size_t i = 0; i < classes.size(); ++i) {
    try {
      const Binary binary = binary_of(*now, classes[i]);
      items.push_back(item_of({&binary, 1}, options));
      places.push_back(i);
    } catch (const Error& error) {
      outcomes[i].error = error;
    }
  }
  std::vector<PushOutcome> pushed = now->registry->push_many(items);
  for (std::size_t i = 0; i < pushed.size(); ++i) outcomes[places[i]] = std::move(pushed[i]);
  return outcomes;
}

PushResult PetClassManager::promote(const PetClassManager& to, const Promotion& promotion) const {
  require_class_name(promotion.class_name);
  const std::string what = "promotion of " + promotion.class_name;
  const auto source = online(what);
  const auto target = to.online(what);
  if (source->storage == target->storage ||
      (source->description == target->description && source->description != "memory:")) {
    throw Error(ErrorCode::kUsage,
                what + " from " + source->description +
                    " to itself: name another storage; petctl rollback makes an older release "
                    "latest again",
                {promotion.class_name, {}, {}});
  }
  return reporting_refusals(
      options_.observer, {promotion.class_name, {}, source->description},
      [&] { return pet::promote(*source->registry, *target->registry, promotion); });
}

PushResult PetClassManager::roll_back(const Rollback& rollback) const {
  require_class_name(rollback.class_name);
  return pet::roll_back(*online("rollback of " + rollback.class_name)->registry, rollback);
}

void PetClassManager::require_writable(std::string_view what) const {
  online(what)->registry->probe_writable();
}

void PetClassManager::persist_states(std::span<const FittedState> states) const {
  if (states.empty()) return;
  const auto now = online("saving what was fitted");
  now->registry->put_states(states);
  for (const FittedState& state : states) {
    cache_->keep(state.bytes, {state.class_name, now->description,
                               state_key(state.class_name, state.bytes.hash())});
  }
}

}  // namespace pet
