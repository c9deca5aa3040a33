// Here: the storage that is set, what comes from it, and what it says it has. What goes out stands in
// pet_class_manager_push.cpp.
#include "core/factory/pet_class_manager.hpp"

#include <chrono>
#include <utility>

#include "core/artifact/class_name.hpp"
#include "core/artifact/machine.hpp"
#include "core/cache/binary_cache.hpp"
#include "core/factory/pet_class_manager_state.hpp"
#include "core/registry/keys.hpp"
#include "storage/base_storage.hpp"
#include "storage/error.hpp"

namespace pet {

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

// ---- what the storage has ----------------------------------------------------------------------

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

ReadableLog PetClassManager::readable_history(std::string_view name) const {
  const auto now = online("the history of " + std::string(name));
  ReadableLog log = readable_log(*now->registry, name);
  if (log.entries.empty() && log.damage.empty()) now->registry->require_newest(name);  // throws
  return log;
}

ReadableClasses PetClassManager::readable_classes() const {
  return pet::readable_classes(*online("a list of classes")->registry);
}

std::vector<StoredClass> PetClassManager::classes() const {
  return online("a list of classes")->registry->classes();
}

std::vector<std::string> PetClassManager::class_names() const {
  return online("a list of classes")->registry->class_names();
}

// It serves a message about something else: when it fails, that message goes without.
std::vector<std::string> PetClassManager::similar_names(std::string_view name) const {
  const std::shared_ptr<const State> now = state();
  if (now->storage == nullptr || options_.offline) return {};
  try {
    return now->registry->similar_names(name);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace pet
