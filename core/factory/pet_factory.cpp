#include "core/factory/pet_factory.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/artifact/class_name.hpp"
#include "core/cache/single_flight.hpp"
#include "core/concurrently.hpp"
#include "core/factory/push_plan.hpp"
#include "storage/error.hpp"

namespace pet {

// What is known beyond the table of current classes.
struct PetFactory::Tracking {
  struct Name {
    Hash hash;
    bool assigned;  // bound or assigned, so push_all publishes it; else loaded on demand
  };

  std::mutex mutex;
  std::map<std::string, Name, std::less<>> names;
  // Every version ever registered, by the names that it can be asked for by.
  std::map<std::string, std::vector<PetClass>, std::less<>> versions;
  SingleFlight<const PetClass*> loads;  // by name

  void keep(std::string_view name, const PetClass& clazz) {
    std::vector<PetClass>& known = versions[std::string(name)];
    if (std::find(known.begin(), known.end(), clazz) == known.end()) known.push_back(clazz);
  }
  void track(std::string_view name, const PetClass& clazz, bool assigned) {
    keep(name, clazz);
    if (name != clazz.name()) keep(clazz.name(), clazz);
    names.insert_or_assign(std::string(name), Name{*clazz.hash(), assigned});
  }
};

PetFactory::PetFactory(PetClassManager& manager, const BaseFactory* fallback)
    : manager_(manager), fallback_(fallback), tracking_(std::make_unique<Tracking>()) {}

PetFactory::~PetFactory() = default;

const PetClass& PetFactory::assign(std::string_view name, const PetClass& clazz) {
  require_class_name(name);
  manager_.get_class_hash(clazz);  // or kNoBinary
  const std::lock_guard lock(tracking_->mutex);
  tracking_->track(name, clazz, true);
  return table().assign(name, clazz);
}

bool PetFactory::erase(std::string_view name) {
  const std::lock_guard lock(tracking_->mutex);
  if (const auto tracked = tracking_->names.find(name); tracked != tracking_->names.end()) {
    tracking_->names.erase(tracked);
  }
  return table().erase(name);
}

void PetFactory::clear() {
  const std::lock_guard lock(tracking_->mutex);
  tracking_->names.clear();
  table().clear();
}

std::map<std::string, Hash> PetFactory::tracked_hashes() const {
  const std::lock_guard lock(tracking_->mutex);
  std::map<std::string, Hash> hashes;
  for (const auto& [name, tracked] : tracking_->names) hashes.emplace(name, tracked.hash);
  return hashes;
}

// ---- by name ------------------------------------------------------------------------------------

const PetClass* PetFactory::resolve(std::string_view name) const {
  return tracking_->loads.run(std::string(name), [&]() -> const PetClass* {
    // Somebody may have finished between our look and our turn.
    if (const PetClass* const registered = table().find(name)) return registered;
    if (const std::optional<PetClass> latest = manager_.find_latest(name)) {
      return &register_loaded(name, *latest);
    }
    return fallback_ == nullptr ? nullptr : fallback_->find(name);
  });
}

// Unless something was assigned while it was on its way: that is what counts.
const PetClass& PetFactory::register_loaded(std::string_view name, const PetClass& clazz) const {
  const std::lock_guard lock(tracking_->mutex);
  if (const PetClass* const registered = table().find(name)) return *registered;
  tracking_->track(name, clazz, false);
  return table().assign(name, clazz);
}

const PetClass& PetFactory::refresh(std::string_view name) {
  require_class_name(name);
  manager_.require_storage("refresh of " + std::string(name));
  const std::optional<PetClass> latest = manager_.find_latest(own_name(name));
  if (!latest) return (*this)[name];
  const std::lock_guard lock(tracking_->mutex);
  const PetClass* const registered = table().find(name);
  if (registered != nullptr && *registered == *latest) return *registered;
  tracking_->track(name, *latest, false);
  return table().assign(name, *latest);
}

std::vector<std::string> PetFactory::places_tried() const {
  std::vector<std::string> places{"not in memory"};
  const std::string storage = manager_.storage();
  if (manager_.storage_handle() == nullptr) {
    places.push_back("no storage is set");
  } else if (manager_.options().offline) {
    places.push_back(storage + " not asked (offline)");
  } else {
    places.push_back("not in " + storage);
  }
  if (fallback_ != nullptr) places.push_back("not built in");
  return places;
}

std::vector<BaseFactory::Candidate> PetFactory::candidates(std::string_view wanted) const {
  std::vector<Candidate> found = BaseFactory::candidates(wanted);
  if (fallback_ != nullptr) {
    for (const auto& [name, clazz] : fallback_->items()) {
      found.push_back({name, clazz.hash() ? "" : "built in"});
    }
  }
  for (std::string& name : manager_.similar_names(wanted)) {
    found.push_back({std::move(name), "in " + manager_.storage()});
  }
  return found;
}

// ---- by name and hash ---------------------------------------------------------------------------

// Storage and versions know a class by its own name; `name` may be an alias.
std::string PetFactory::own_name(std::string_view name) const {
  const PetClass* clazz = table().find(name);
  if (clazz == nullptr && fallback_ != nullptr) clazz = fallback_->table().find(name);
  return clazz == nullptr ? std::string(name) : clazz->name();
}

std::optional<PetClass> PetFactory::known_version(std::string_view name, const Hash& hash) const {
  const auto is_it = [&](const PetClass& clazz) { return clazz.hash() == hash; };
  {
    const std::lock_guard lock(tracking_->mutex);
    for (const std::string& asked : {std::string(name), own_name(name)}) {
      const auto known = tracking_->versions.find(asked);
      if (known == tracking_->versions.end()) continue;
      const auto found = std::find_if(known->second.begin(), known->second.end(), is_it);
      if (found != known->second.end()) return *found;
    }
  }
  // The exact binary is the exact binary, wherever it was bound.
  const PetClass* const bound = fallback_ == nullptr ? nullptr : fallback_->table().find(name);
  return bound != nullptr && is_it(*bound) ? std::optional(*bound) : std::nullopt;
}

PetClass PetFactory::get_version(std::string_view name, const Hash& hash) const {
  require_class_name(name);
  if (std::optional<PetClass> known = known_version(name, hash)) return *std::move(known);
  return manager_.recover_class(own_name(name), hash);
}

Binary PetFactory::get_state(std::string_view name, const Hash& hash) const {
  require_class_name(name);
  return manager_.recover_state(own_name(name), hash);
}

std::optional<PetClass> PetFactory::get_builtin(std::string_view name) const {
  return fallback_ == nullptr ? std::nullopt : fallback_->get_builtin(name);
}

std::vector<ClassAnswer> PetFactory::prefetch(std::span<const ClassRequest> requests) const {
  std::vector<ClassAnswer> answers(requests.size());
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto& [name, hash] = requests[i];
    if (hash) {
      answers[i].clazz = known_version(name, *hash);
    } else if (const PetClass* const registered = table().find(name)) {
      answers[i].clazz = *registered;
    }
    if (!answers[i].clazz) missing.push_back(i);
  }
  const auto ask = [&](std::size_t i) { answers[missing[i]] = answer(requests[missing[i]]); };
  concurrently(missing.size(), ask, {.at_most = fetches_at_once(), .calls_worth = 1});
  return answers;
}

std::size_t PetFactory::fetches_at_once() const {
  const std::shared_ptr<BaseStorage> storage =
      manager_.options().offline ? nullptr : manager_.storage_handle();
  return binaries_from(storage.get()).at_most;
}

// ---- publishing ---------------------------------------------------------------------------------

std::vector<PushResult> PetFactory::push_all(const PublishOptions& options) {
  PushPlan plan;
  {
    const std::lock_guard lock(tracking_->mutex);
    for (const auto& [name, clazz] : items()) {
      const auto tracked = tracking_->names.find(name);
      if (tracked != tracking_->names.end() && tracked->second.assigned) plan.add(name, clazz);
    }
  }
  return plan.carry_out(manager_, options);
}

}  // namespace pet
