// PetClassManager: classes to and from a storage. It registers nothing and never falls back.
//
//   PetClassManager manager(open_storage("file:///srv/pets"), cache);
//   PetClass filter = manager.open_plugin("build/MyFilter.so");
//   PushResult result = manager.push(filter);            // MyFilter 3fa9c1… is latest now
//   PetClass same = manager.pull("MyFilter");            // on another machine
//   PetClass exact = manager.recover_class("MyFilter", *filter.hash());
//
// Every binary, wherever it comes from, takes one way: fetch → hash → gate → load
// (checked_loader.hpp). Nothing of it runs before all of them agreed.
//
// Absence:  pull and recover_class throw (kClassNotFound, kVersionNotFound, kNoBinaryForPlatform);
//           find_latest, latest_meta and check_status have a value for it. A failing storage or a
//           corrupt document is never absence.
// Classes:  those from a file keep its bytes. Of pulled ones the bytes stay in the cache, where a
//           push finds them.
// Lifetime: classes that it gave outlive it and its storage.
// Threads:  everything may be called from any thread, also set_storage: calls that began before it
//           finish on the storage that they began with.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/artifact/facts.hpp"
#include "core/artifact/hash.hpp"
#include "core/factory/checked_loader.hpp"
#include "core/loader/pet_class.hpp"
#include "core/observer.hpp"
#include "core/registry/promote.hpp"
#include "core/registry/readable.hpp"
#include "core/registry/registry.hpp"
#include "core/registry/rollback.hpp"

namespace pet {

class BinaryCache;

struct ManagerOptions {
  Observer observer = {};
  bool verify = false;         // push compares the bytes that stand in storage, not only their size
  bool single_writer = false;  // write to a storage that cannot put-if-absent
  bool offline = false;        // ask the cache alone, never the storage (kStorageUnreachable)
};

enum class Status {
  kSynced,     // its hash is the newest entry's for its platform
  kUntracked,  // the class has no log
  kOutOfSync,  // anything else
};
std::string_view to_string(Status status) noexcept;  // "synced", "untracked", "out_of_sync"

class PetClassManager {
 public:
  // REQUIRES: a cache. A null storage is allowed: what needs one throws kUsage.
  PetClassManager(std::shared_ptr<BaseStorage> storage, std::shared_ptr<BinaryCache> cache,
                  ManagerOptions options = {});
  ~PetClassManager();
  PetClassManager(const PetClassManager&) = delete;
  PetClassManager& operator=(const PetClassManager&) = delete;

  // The class of a file. Reads it once and keeps the bytes, which are what push stores: a file that
  // is rebuilt later counts when it is opened again. Touches no storage.
  PetClass open_plugin(const std::filesystem::path& path) const;

  // The version of a class or file. A compiled-in class has none: kNoBinary.
  Hash get_class_hash(const PetClass& clazz) const;
  Hash get_class_hash(const std::filesystem::path& file) const;

  Status check_status(const PetClass& clazz) const;

  // Stores binary and facts, and moves nothing: the status stays what it was; recover_class finds
  // it.
  void persist_class(const PetClass& clazz) const;

  // persist_class, then a log entry that makes it latest. Latest already: nothing changes,
  // though what the storage lost of it is put back. A hash
  // that the log knows but that is not the newest becomes latest again, unless options.on_older
  // says otherwise.
  PushResult push(const PetClass& clazz, const PublishOptions& options = {}) const;

  // The same for many classes, batched: outcome i belongs to class i. One that fails does not stop
  // the others. REQUIRES: their names differ.
  std::vector<PushOutcome> push_many(std::span<const PetClass> classes,
                                     const PublishOptions& options = {}) const;

  // The same for files, which are read and gated but never loaded, so that they may be for other
  // platforms: one release of exactly these binaries, one a platform, of one class.
  PushResult push(std::span<const Binary> release, const PublishOptions& options = {}) const;
  void persist(std::span<const Binary> release) const;
  Status check_status(const Binary& binary) const;

  // A release of this storage becomes one of `to`'s: see registry/promote.hpp. Both storages have to
  // be others, as their describe() says: kUsage.
  PushResult promote(const PetClassManager& to, const Promotion& promotion) const;

  // An older release becomes latest again: see registry/rollback.hpp.
  PushResult roll_back(const Rollback& rollback) const;

  // The class that is latest for this platform. kClassNotFound "No remote versions found for
  // KnnFilter"; kNoBinaryForPlatform when it is there for others only.
  PetClass pull(std::string_view name) const;

  // Exactly that binary, from the cache without a request when it is there. kVersionNotFound names
  // those there are.
  PetClass recover_class(std::string_view name, const Hash& hash) const;
  PetClass pull(std::string_view name, const Hash& hash) const { return recover_class(name, hash); }

  // pull(name) for those who look further: nullopt when the storage has no log of that name, or
  // none is asked.
  std::optional<PetClass> find_latest(std::string_view name) const;

  // What an instance of that class had learned: from the cache without a request when it is there,
  // and also where the cache cannot be used. Whether it is a state of that class says load_state.
  // kVersionNotFound when it is nowhere, kCorrupt when its bytes do not match the hash.
  Binary recover_state(std::string_view name, const Hash& hash) const;

  // Throws unless something can be put into the storage now, and creates a local one that is not
  // there yet: before work whose result is to be stored. Puts a small object there and removes it.
  void require_writable(std::string_view what) const;

  // Stores fitted states under their hashes, in one batch; a cache directory that takes them has
  // them then, too.
  void persist_states(std::span<const FittedState> states) const;

  // The newest entry; nullopt means that there is none. A damaged hint is survived and reported
  // (kDamage).
  std::optional<LogEntry> latest_meta(std::string_view name) const;

  // Whether the class's log goes on after entry `number` (0: whether it has one). One small request, for
  // those who ask again and again.
  bool has_newer(std::string_view name, std::uint64_t number) const;

  // Entry `number` of the class's log; nullopt when there is none. One request.
  std::optional<LogEntry> log_entry(std::string_view name, std::uint64_t number) const;

  // Has that binary in the cache afterwards, verified. kVersionNotFound.
  void fetch(std::string_view name, const Hash& hash) const;

  // Throws unless that binary, which is in the cache, may be loaded here: what the gate says. Nothing of
  // it is run.
  void require_loadable(std::string_view name, const Hash& hash) const;

  // Every binary that the storage has of the class, those in the log first, newest first.
  std::vector<StoredVersion> versions(std::string_view name) const;

  // The newest `limit` moves of the class's `latest`, newest first. kClassNotFound when there was none.
  std::vector<LogEntry> history(std::string_view name,
                                std::size_t limit = BaseStorage::kNoLimit) const;

  // The same where the log is damaged: what can be read of it, and what is wrong with the rest.
  ReadableLog readable_history(std::string_view name) const;

  // All classes that the storage has, sorted, each with its newest entry.
  std::vector<StoredClass> classes() const;

  // The same where some are damaged or may not be read.
  ReadableClasses readable_classes() const;

  // Their names alone, which costs fewer requests.
  std::vector<std::string> class_names() const;

  // Classes of the storage whose names begin as `name` does, for "did you mean". Throws nothing for
  // a storage that fails: it has no suggestions then.
  std::vector<std::string> similar_names(std::string_view name) const;

  // The storage in words, without credentials; "no storage".
  std::string storage() const;
  std::shared_ptr<BaseStorage> storage_handle() const;
  void set_storage(std::shared_ptr<BaseStorage> storage);

  // Throws unless there is a storage to ask: kUsage when none is set, kStorageUnreachable offline.
  // `what` begins the message: "push".
  void require_storage(std::string_view what) const { online(what); }

  BinaryCache& cache() const noexcept { return *cache_; }
  const ManagerOptions& options() const noexcept { return options_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct State;  // the storage and its registry, exchanged as one

  std::shared_ptr<const State> state() const;
  std::shared_ptr<const State> online(std::string_view what) const;

  LoadCandidate fetch(const State& state, std::string_view name, const Hash& hash) const;
  LoadCandidate fetch_version(const State& state, std::string_view name, const Hash& hash) const;
  std::string where_offline(const State& state) const;
  LoadCandidate from_cache(const State& state, std::string_view name, const Hash& hash) const;
  PetClass load_latest(const State& state, const LogEntry& newest, Clock::time_point start) const;

  Binary binary_of(const State& state, const PetClass& clazz) const;
  PushItem item_of(std::span<const Binary> release, const PublishOptions& options) const;

  std::shared_ptr<BinaryCache> cache_;
  ManagerOptions options_;
  CheckedLoader loader_;
  mutable std::mutex mutex_;  // guards state_
  std::shared_ptr<const State> state_;
};

}  // namespace pet
