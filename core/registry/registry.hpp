// Registry: names → releases → hashes. The log of each class in a storage, and the order of a push.
//
//   Registry registry(std::move(storage));
//   registry.push({.binaries = {{binary, facts}}, .options = {.message = "faster"}});
//   const LogEntry latest = registry.require_newest("MyFilter");
//   const std::string bytes = registry.require_binary("MyFilter", latest.hash);
//
// Moving `latest` is one put_if_absent of the next log number: of any number of racing processes
// one wins, and the others read again and decide again. Everything else may be done twice or by
// halves: a push first stores the binaries, then their facts, then the entry, then the hint
// latest.json, so that a reader never sees a name before its bytes, and the next push completes
// what a broken one left.
//
// Absence:  std::nullopt or an empty list. A damaged document is kCorrupt, never absent; a storage
//           that fails throws its own error. A damaged or missing hint is survived, reported as
//           kDamage, and healed by the next push; a hint that leads the log is kCorrupt, since it is
//           written last: the log has lost its end.
// Numbers:  a registry remembers the highest entry that it saw of each class and never goes back
//           below it: an entry that was there and is gone is kCorrupt.
// Names:    checked before any request: kInvalidName. So is, at its first push, one that differs only
//           in case from another class's; of several such pushed at once at most one is published,
//           and the others take back what they wrote, so that a retry finds nothing in its way.
// Threads:  every method, from any thread. Where many objects are asked for, up to 16 threads ask, of a
//           storage far away up to 120.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/artifact/hash.hpp"
#include "core/observer.hpp"
#include "core/registry/log_entry.hpp"
#include "core/registry/push.hpp"
#include "storage/base_storage.hpp"

namespace pet {

class ClassObjects;

enum class WriteMode {
  kShared,  // the storage must be able to put if absent; else writing is kStorageUnsupported,
            // unless who opened it said there (Capabilities::single_writer) what the next says
  kSingleWriter,  // the caller promises that nobody else writes: where it cannot, look, then put
};

struct RegistryOptions {
  Observer observer;  // kPublish, kDamage; kRefusal of a push
  WriteMode write_mode = WriteMode::kShared;
  std::string by;  // who pushes, in the log; empty: user@host
};

// A binary of a class that a storage has, or that its log names.
struct StoredVersion {
  Hash hash;
  std::string platform;                 // empty: neither log nor facts say
  std::optional<std::uint64_t> number;  // the newest entry that names it; nothing: only persisted
  bool stored = true;                   // false: the log names it, but the binary has been removed
};

// A class that a storage has anything of.
struct StoredClass {
  std::string name;
  std::optional<LogEntry> newest;  // nothing: stored, never pushed
};

// What fit learned, as an instance of that class gave it (BasePlugin::save_state).
struct FittedState {
  std::string class_name;
  Binary bytes;
};

class Registry {
 public:
  explicit Registry(std::shared_ptr<BaseStorage> storage, RegistryOptions options = {});

  const std::shared_ptr<BaseStorage>& storage() const noexcept { return storage_; }

  // --- reading ---

  // The newest entry: what `latest` means. nullopt when the class has no log. Three requests, two
  // once a number of the class is known; where the storage cannot list, more by twice the binary
  // logarithm of the entries that were missed.
  std::optional<LogEntry> newest(std::string_view class_name) const;

  // The same, but absence is kClassNotFound: "No remote versions found for KnnFilter".
  LogEntry require_newest(std::string_view class_name) const;

  // Whether there is an entry after `number`. One request, which brings no object.
  bool has_newer(std::string_view class_name, std::uint64_t number) const;

  // Entry `number`; nullopt when there is none. One request.
  std::optional<LogEntry> entry(std::string_view class_name, std::uint64_t number) const;

  // The newest `limit` entries, newest first. One request an entry, and those of newest().
  std::vector<LogEntry> history(std::string_view class_name,
                                std::size_t limit = BaseStorage::kNoLimit) const;

  // Reads the whole log and compares each entry's `previous` with the bytes before it. Returns the
  // number of entries; throws kCorrupt, naming the first that is damaged, missing or not the one
  // that its successor means.
  std::uint64_t check_log(std::string_view class_name) const;

  // Every binary that lies in the storage or is named by the log, for `platform` (empty: all),
  // those in the log first, newest first. A damaged or missing entry is passed over and reported.
  // Reads the whole log, and the facts of what is not in it; where the storage cannot list, what lies
  // between two gaps of the log is not found.
  std::vector<StoredVersion> versions(std::string_view class_name,
                                      std::string_view platform = {}) const;

  // All classes that have a binary or a log, sorted; one of which the storage has fitted states
  // alone is none of its classes (it may be built in). Throws kStorageUnsupported where the storage cannot
  // list. At most one request a class, and one a thousand objects.
  std::vector<std::string> class_names() const;

  // Those among the first thousand objects that begin with the same two letters: for "did you mean". One
  // request; none where the storage cannot list.
  std::vector<std::string> similar_names(std::string_view class_name) const;

  // All classes with the newest entry of each, many asked for at once.
  std::vector<StoredClass> classes() const;

  // The bytes of one binary, not verified (core/cache does that); nullopt when absent. One request.
  // `platform` empty: this machine's.
  std::optional<std::string> binary_bytes(std::string_view class_name, const Hash& hash,
                                          std::string_view platform = {}) const;

  // The same in pieces as they arrive (BaseStorage::read); absence is kVersionNotFound, naming the
  // versions there are, or kClassNotFound ("No remote versions found for …") when there is none.
  void require_binary(std::string_view class_name, const Hash& hash, ByteSink& sink,
                      std::string_view platform = {}) const;

  // The same in memory.
  std::string require_binary(std::string_view class_name, const Hash& hash,
                             std::string_view platform = {}) const;

  // The bytes of a fitted state, not verified. Absence is kVersionNotFound. One request.
  void require_state(std::string_view class_name, const Hash& hash, ByteSink& sink) const;
  std::string require_state(std::string_view class_name, const Hash& hash) const;

  // The file of an entry's release for `platform` (empty: this machine's). Throws
  // kNoBinaryForPlatform, naming those there are.
  static const ReleaseFile& require_platform(const LogEntry& entry, std::string_view platform = {});

  // --- writing ---
  // REQUIRES: the caller has passed the binaries through the gate.

  // Stores binaries and facts, and moves nothing. Twice is once. Throws kCorrupt when a binary's
  // key is taken by bytes of another size.
  PushResult persist(const PushItem& item);

  // persist, then an entry that names exactly the item's binaries: see push.hpp.
  PushResult push(const PushItem& item);

  // Many classes for little more than the price of one: one batch for all binaries, then one for
  // all facts, the entries, the hints. Outcomes in the order of `items`; the failure of one does
  // not stop the others. No items: no request.
  std::vector<PushOutcome> push_many(std::span<const PushItem> items);
  std::vector<PushOutcome> persist_many(std::span<const PushItem> items);

  // Stores fitted states, each under its hash, in one batch. Twice is once. Throws kCorrupt when a
  // state's key is taken by other bytes.
  void put_states(std::span<const FittedState> states);

  // Throws what a put into the storage would throw now, by putting a small object there, under a name
  // that nobody else uses, and removing it. Creates a storage that is not there yet.
  void probe_writable();

  // Throws kStorageUnsupported unless this registry may write to the storage.
  void require_writable() const;

  // An entry for a release whose binaries are in the storage already (a rollback, a tag). `hash` is
  // one of them. Throws kVersionNotFound when one is not there, kCorrupt when it has another size.
  PushResult publish(std::string_view class_name, const Hash& hash, const Release& release,
                     const PublishOptions& options = {});

 private:
  friend class LogWriter;
  friend class PushBatch;

  // An entry with its exact bytes.
  struct Document {
    LogEntry entry;
    std::string bytes;
  };
  struct Newest {
    std::optional<Document> document;
    std::optional<std::string> hint;  // the bytes of latest.json, when they were asked for
  };
  struct Hint {
    std::optional<std::string> bytes;
    std::uint64_t number = 0;  // 0 when it is missing or of no use
  };
  // By number; those that are damaged have no content.
  using Entries = std::map<std::uint64_t, std::optional<LogEntry>>;
  // Numbers that no entry has, below one that is or was there.
  struct Gap {
    std::uint64_t first;
    std::uint64_t last;
  };
  enum class HintUse { kWhenNeeded, kAlways };

  // `listed`: what a list has just said of the class; it is not asked again.
  Newest read_newest(std::string_view class_name, HintUse use,
                     const ClassObjects* listed = nullptr) const;
  Hint read_hint(std::string_view class_name) const;
  std::uint64_t last_number(std::string_view class_name, std::uint64_t known) const;
  std::uint64_t gallop(std::string_view class_name, std::uint64_t known) const;
  std::uint64_t newest_number(std::string_view class_name) const;
  std::optional<Document> read_entry(std::string_view class_name, std::uint64_t number) const;
  Document require_entry(std::string_view class_name, std::uint64_t number) const;
  std::vector<Document> read_entries(std::string_view class_name, std::uint64_t newest,
                                     std::size_t count) const;
  std::vector<LogEntry> intact_log(std::string_view class_name) const;
  bool read_there(std::string_view class_name, const std::vector<std::uint64_t>& numbers,
                  Entries& there) const;
  void read_until_missing(std::string_view class_name, std::uint64_t from, std::uint64_t to,
                          Entries& there) const;
  static std::vector<Gap> gaps_of(const Entries& there, std::uint64_t last);
  void report_gap(std::string_view class_name, const Gap& gap) const;
  std::set<Hash> stored_hashes(std::string_view class_name) const;
  std::string platform_of_unlogged(std::string_view class_name, const Hash& hash) const;
  [[noreturn]] void throw_version_not_found(std::string_view class_name, const Hash& hash) const;
  Error class_not_found(std::string_view class_name) const;

  // The only ways in which this room writes.
  bool put_absent(std::string_view key, std::string_view bytes);
  std::vector<PutOutcome> put_absent_many(std::span<const PutItem> items);
  std::vector<PutOutcome> put_looking_first(std::span<const PutItem> items);
  void require_stored(std::string_view class_name, const Release& release) const;
  void report_publish(const PushResult& result, std::chrono::nanoseconds duration) const;
  void report_refusal(const Error& error, std::chrono::nanoseconds duration) const;

  std::uint64_t remembered(std::string_view class_name) const;
  void remember(std::string_view class_name, std::uint64_t number) const;
  void report_damage(std::string_view class_name, const std::string& message) const;

  std::shared_ptr<BaseStorage> storage_;
  RegistryOptions options_;

  mutable std::mutex mutex_;
  mutable std::map<std::string, std::uint64_t, std::less<>> remembered_;
};

}  // namespace pet
