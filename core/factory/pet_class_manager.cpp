#include "core/factory/pet_class_manager.hpp"

#include <chrono>
#include <utility>

#include "core/artifact/class_name.hpp"
#include "core/artifact/machine.hpp"
#include "core/cache/binary_cache.hpp"
#include "core/registry/keys.hpp"
#include "storage/base_storage.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

constexpr std::size_t kListedKeys = 1000;

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

struct PetClassManager::State {
  std::shared_ptr<BaseStorage> storage;  // null: none
  std::unique_ptr<Registry> registry;    // of that storage
  std::string description;
};

PetClassManager::PetClassManager(std::shared_ptr<BaseStorage> storage,
                                 std::shared_ptr<BinaryCache> cache, ManagerOptions options)
    : cache_(std::move(cache)), options_(std::move(options)), loader_(cache_, options_.observer) {
  if (cache_ == nullptr) throw Error(ErrorCode::kUsage, "a PetClassManager needs a cache");
  set_storage(std::move(storage));
}

PetClassManager::~PetClassManager() = default;

void PetClassManager::set_storage(std::shared_ptr<BaseStorage> storage) {
  auto state = std::make_shared<State>();
  state->description = storage ? storage->describe() : "no storage";
  if (storage) {
    state->registry = std::make_unique<Registry>(
        storage, RegistryOptions{.observer = options_.observer,
                                 .write_mode = options_.single_writer ? WriteMode::kSingleWriter
                                                                      : WriteMode::kShared,
                                 .by = {}});
  }
  state->storage = std::move(storage);
  const std::lock_guard lock(mutex_);
  state_ = std::move(state);
}

std::shared_ptr<const PetClassManager::State> PetClassManager::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::shared_ptr<const PetClassManager::State> PetClassManager::online(std::string_view what) const {
  std::shared_ptr<const State> now = state();
  if (now->storage == nullptr) {
    throw Error(ErrorCode::kUsage, std::string(what) + " needs a storage, and none is set");
  }
  if (options_.offline) {
    throw Error(ErrorCode::kStorageUnreachable,
                std::string(what) + " needs " + now->description + ", which is not asked offline");
  }
  return now;
}

std::string PetClassManager::storage() const { return state()->description; }
std::shared_ptr<BaseStorage> PetClassManager::storage_handle() const { return state()->storage; }

// ---- in: files and stored bytes → classes ------------------------------------------------------

PetClass PetClassManager::open_plugin(const std::filesystem::path& path) const {
  const std::string absolute = std::filesystem::absolute(path).lexically_normal().string();
  return loader_.load({.binary = Binary::read(path),
                       .source = "file://" + absolute,
                       .key = absolute,
                       .keep_bytes = true});
}

// Where it was looked for by who does not ask a storage.
std::string PetClassManager::where_offline(const State& now) const {
  return "not in the cache " + cache_->describe() + ", " +
         (now.storage ? now.description + " not asked (offline)" : now.description);
}

LoadCandidate PetClassManager::from_cache(const State& now, std::string_view name,
                                          const Hash& hash) const {
  const std::optional<CachedBinary> cached = cache_->find(hash);
  if (!cached) {
    throw Error(ErrorCode::kVersionNotFound,
                "no " + std::string(name) + " " + hash.short_hex() + ": " + where_offline(now) +
                    "\n  hash: " + hash.hex(),
                {std::string(name), hash.hex(), {}});
  }
  return {.binary = cached->binary,
          .source = std::string(kCacheSource),
          .key = cached->file,
          .name = std::string(name),
          .file = cached->file};
}

LoadCandidate PetClassManager::fetch(const State& now, std::string_view name,
                                     const Hash& hash) const {
  const FetchSubject subject{std::string(name), now.description,
                             binary_key(name, hash, Machine::current().platform)};
  bool downloaded = false;
  const auto download = [&](ByteSink& sink) {
    now.registry->require_binary(name, hash, sink);
    downloaded = true;
  };
  const CachedBinary cached =
      reporting_refusals(options_.observer, {subject.class_name, hash.hex(), now.description},
                         [&] { return cache_->get_or_fetch(hash, subject, download); });
  return {.binary = cached.binary,
          .source = downloaded ? now.description : std::string(kCacheSource),
          .key = downloaded ? subject.key : cached.file,
          .name = std::string(name),
          .file = cached.file};
}

// Who asks for a version has one answer for its absence, also when the class has no other.
LoadCandidate PetClassManager::fetch_version(const State& now, std::string_view name,
                                             const Hash& hash) const {
  try {
    return fetch(now, name, hash);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kClassNotFound) throw;
    throw Error(ErrorCode::kVersionNotFound,
                "no version " + hash.hex() + " of " + std::string(name) + ": " + error.what(),
                {std::string(name), hash.hex(), error.key()});
  }
}

PetClass PetClassManager::load_latest(const State& now, const LogEntry& newest,
                                      Clock::time_point start) const {
  const LoadCandidate candidate =
      fetch(now, newest.class_name, Registry::require_platform(newest).hash);
  PetClass clazz = loader_.load(candidate);
  notify(options_.observer, {EventKind::kLazyPull,
                             clazz.name(),
                             clazz.hash()->hex(),
                             candidate.source,
                             {},
                             Clock::now() - start});
  return clazz;
}

std::optional<PetClass> PetClassManager::find_latest(std::string_view name) const {
  require_class_name(name);
  const std::shared_ptr<const State> now = state();
  if (now->storage == nullptr || options_.offline) return std::nullopt;
  const auto start = Clock::now();
  const std::optional<LogEntry> newest =
      reporting_refusals(options_.observer, {std::string(name), {}, now->description},
                         [&] { return now->registry->newest(name); });
  return newest ? std::optional(load_latest(*now, *newest, start)) : std::nullopt;
}

PetClass PetClassManager::pull(std::string_view name) const {
  require_class_name(name);
  const std::shared_ptr<const State> now = online("pull of " + std::string(name));
  const auto start = Clock::now();
  const LogEntry newest =
      reporting_refusals(options_.observer, {std::string(name), {}, now->description},
                         [&] { return now->registry->require_newest(name); });
  return load_latest(*now, newest, start);
}

PetClass PetClassManager::recover_class(std::string_view name, const Hash& hash) const {
  require_class_name(name);
  const std::shared_ptr<const State> now = state();
  if (now->storage == nullptr || options_.offline) {
    return loader_.load(from_cache(*now, name, hash));
  }
  const auto start = Clock::now();
  const LoadCandidate candidate = fetch_version(*now, name, hash);
  const bool downloaded = candidate.source != kCacheSource;
  PetClass clazz = loader_.load(candidate);
  if (downloaded) {
    notify(options_.observer, {EventKind::kExactVersion,
                               clazz.name(),
                               hash.hex(),
                               now->description,
                               {},
                               Clock::now() - start});
  }
  return clazz;
}

void PetClassManager::fetch(std::string_view name, const Hash& hash) const {
  require_class_name(name);
  const std::shared_ptr<const State> now = state();
  if (now->storage == nullptr || options_.offline) {
    from_cache(*now, name, hash);
  } else {
    fetch_version(*now, name, hash);
  }
}

void PetClassManager::require_loadable(std::string_view name, const Hash& hash) const {
  require_class_name(name);
  loader_.require_loadable(from_cache(*state(), name, hash));
}

Binary PetClassManager::recover_state(std::string_view name, const Hash& hash) const {
  require_class_name(name);
  const std::shared_ptr<const State> now = state();
  const FetchSubject subject{std::string(name), now->description, state_key(name, hash)};
  const auto download = [&](ByteSink& sink) {
    if (now->storage != nullptr && !options_.offline) {
      return now->registry->require_state(name, hash, sink);
    }
    throw Error(ErrorCode::kVersionNotFound,
                "no fitted state " + hash.short_hex() + " of " + subject.class_name + ": " +
                    where_offline(*now),
                {subject.class_name, hash.hex(), {}});
  };
  return reporting_refusals(options_.observer, {subject.class_name, hash.hex(), now->description},
                            [&] { return cache_->read_or_fetch(hash, subject, download); });
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

// ---- out: classes → storage --------------------------------------------------------------------

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

std::optional<LogEntry> PetClassManager::log_entry(std::string_view name,
                                                   std::uint64_t number) const {
  return online("the log of " + std::string(name))->registry->entry(name, number);
}

std::optional<LogEntry> PetClassManager::latest_meta(std::string_view name) const {
  return online("the latest " + std::string(name))->registry->newest(name);
}

bool PetClassManager::has_newer(std::string_view name, std::uint64_t number) const {
  return online("the latest " + std::string(name))->registry->has_newer(name, number);
}

std::vector<StoredVersion> PetClassManager::versions(std::string_view name) const {
  return online("the versions of " + std::string(name))->registry->versions(name);
}

std::vector<LogEntry> PetClassManager::history(std::string_view name, std::size_t limit) const {
  const auto now = online("the history of " + std::string(name));
  std::vector<LogEntry> entries = now->registry->history(name, limit);
  if (entries.empty()) now->registry->require_newest(name);  // throws
  return entries;
}

std::vector<StoredClass> PetClassManager::classes() const {
  return online("a list of classes")->registry->classes();
}

std::vector<std::string> PetClassManager::class_names() const {
  return online("a list of classes")->registry->class_names();
}

// One request, which brings the names of the storage's classes that begin alike. It serves a message
// about something else: when it fails, that message goes without.
std::vector<std::string> PetClassManager::similar_names(std::string_view name) const {
  const std::shared_ptr<const State> now = state();
  std::vector<std::string> names;
  if (now->storage == nullptr || options_.offline || !now->storage->capabilities().list) {
    return names;
  }
  try {
    const std::string prefix = std::string(kClassesPrefix).append(name.substr(0, 2));
    std::string seen;
    for (const std::string& key : now->storage->list(prefix, {}, kListedKeys)) {
      const std::optional<std::string_view> found = class_of(key);
      if (!found || seen == *found) continue;
      seen = *found;
      if (!is_state(key, *found)) names.emplace_back(*found);  // as Registry::class_names
    }
  } catch (const Error&) {
  }
  return names;
}

}  // namespace pet
