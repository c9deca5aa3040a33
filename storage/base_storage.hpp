// BaseStorage: bytes by key, durably. What a registry is built on.
//
// The same few verbs on a directory, a bucket or a map in memory. One of them, put_if_absent, is
// atomic between processes and machines; a log of numbered entries, and so every move of `latest`,
// needs nothing more.
//
//   auto storage = pet::open_storage("file:///srv/pets");
//   storage->put("plugins/MyFilter/" + hash + ".so", bytes);
//   if (!storage->put_if_absent("plugins/MyFilter/log/0000000042.json", entry)) {
//     // another writer was first: read again and decide again
//   }
//   std::optional<std::string> hint = storage->get("plugins/MyFilter/latest.json");
//
// Objects:  a put is all or nothing: readers see the old bytes or the new, never a part, and when
//           the call returns the new ones survive a power cut. Keys obey storage/key.hpp. A key is
//           never also the folder of another ("a" and "a/b"): some backends keep both, some report
//           the second as corrupt.
// Absence:  std::nullopt, false or an empty list. Everything else throws: a storage that fails
//           never looks empty.
// Throws:   pet::Error. kInvalidName: the key breaks the rules. kStorageUnreachable: it may work
//           later. kStorageRefused: it will not until somebody changes something (permission,
//           space). kStorageUnsupported: this backend cannot. kCorrupt: what lies there is not an
//           object, or larger than expected. Error::key() is the key, or the file that holds it.
// Threads:  every method may be called from any thread at any time.
// Lifetime: views passed in are used during the call only; what comes back is the caller's own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/byte_sink.hpp"
#include "storage/transfer_watch.hpp"

namespace pet {

struct ObjectInfo {
  std::uint64_t size = 0;  // bytes
};

enum class PutMode {
  kReplace,   // whatever was there before
  kIfAbsent,  // only when nothing is there
};

// One object of a put_many. The views must stay valid during the call.
struct PutItem {
  std::string_view key;
  std::string_view bytes;
  PutMode mode = PutMode::kReplace;
};

enum class PutOutcome {
  kWritten,       // created or replaced by this call
  kAlreadyThere,  // kIfAbsent only: another's object stands, whose bytes this call has not compared
};

// What is known of an object's size while it is read.
enum class SizeIs {
  kKnown,
  kAtLeast,  // so much of it has come, and nobody said how much there is
};

// An object that a list found.
struct ListedObject {
  std::string key;
  std::uint64_t size = 0;  // bytes
};

struct Capabilities {
  bool list = false;
  bool write = false;
  bool put_if_absent = false;
  bool remote = false;  // every request waits for a network: ask few things, and many at once
  // Who opened it says that nobody else ever writes there: look, then put, where it cannot put if absent.
  bool single_writer = false;
};

class BaseStorage {
 public:
  // Larger objects are refused unless the caller says otherwise: a damaged or hostile storage shall
  // not fill the memory.
  static constexpr std::uint64_t kDefaultMaxSize = std::uint64_t{1} << 30;  // 1 GiB
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

  virtual ~BaseStorage() = default;
  BaseStorage(const BaseStorage&) = delete;
  BaseStorage& operator=(const BaseStorage&) = delete;

  // Gives the object's bytes to `sink` in pieces as they arrive, none of which is kept here: true when
  // all of them came, false when the object is absent (what the sink may have got is void). More than
  // `max_size` bytes are kCorrupt, naming both sizes.
  bool read(std::string_view key, ByteSink& sink, std::uint64_t max_size = kDefaultMaxSize) const;

  // The object's bytes in memory; nullopt when absent. Otherwise as read().
  std::optional<std::string> get(std::string_view key,
                                 std::uint64_t max_size = kDefaultMaxSize) const;

  // Bytes [offset, offset + length), cut at the object's end: "" when it ends at or before
  // `offset`. nullopt when absent.
  std::optional<std::string> get_range(std::string_view key, std::uint64_t offset,
                                       std::uint64_t length) const;

  // Creates or replaces the object.
  void put(std::string_view key, std::string_view bytes);

  // Creates the object unless there is one: true when this call created it. Of any number of racing
  // processes exactly one gets true, and the object is that one's bytes. false promises that an
  // object is there, durably, not that it is intact: compare.
  bool put_if_absent(std::string_view key, std::string_view bytes);

  // Puts many objects for little more than the price of one: outcomes in the order of `items`, all
  // of them durable on return. The items become visible in no promised order, so what must not be
  // seen before something else goes into a later call: a publish is one call for the binaries, one
  // for the facts, one for the log. When it throws, any of the items may be there, each of them
  // whole; calling again is safe. A key named twice is kUsage.
  std::vector<PutOutcome> put_many(std::span<const PutItem> items);

  // What is known without reading the object; nullopt when absent.
  std::optional<ObjectInfo> head(std::string_view key) const;

  // At most `limit` keys that begin with `prefix` and are greater than `start_after`, sorted by
  // bytes ('-' < '.' < '/' < digits < capitals < '_' < small letters). A prefix is text, not a
  // folder: "plugins/My" finds "plugins/MyFilter/latest.json". Objects that come or go during the
  // call may or may not be listed; all others are.
  std::vector<std::string> list(std::string_view prefix, std::string_view start_after = {},
                                std::size_t limit = kNoLimit) const;

  // The same with what head() would say of each: one request for many where the backend knows it.
  std::vector<ListedObject> list_objects(std::string_view prefix, std::string_view start_after = {},
                                         std::size_t limit = kNoLimit) const;

  // Removes the object, durably: true when there was one.
  bool remove(std::string_view key);

  // Makes the storage itself, where that is a writer's to do: the directory of a local one. Who means
  // to write calls it before the first read, since reading a storage that is not there is
  // kStorageUnreachable: a path mistyped or not mounted must not look like an empty storage.
  virtual void ensure_exists() {}

  // The storage's URL, without credentials, fit for messages: "file:///srv/pets", "memory:".
  virtual std::string describe() const = 0;

  // The directory of this machine in which the objects whose keys begin with `folder` ("a/b/") are files, there
  // or not: for those who want to hear of changes, not for reading. Empty where there is none.
  virtual std::string local_directory(std::string_view /*folder*/) const { return {}; }

  // By how much the clock of the storage's server is ahead of this machine's, negative when it is
  // behind, as its last answer said. Nullopt where there is no server, or none that said its time.
  virtual std::optional<std::chrono::seconds> clock_skew() const { return std::nullopt; }

  // The server that is asked without TLS over a network, "http://storage:9000", where anybody in between can read
  // along. Empty where there is none.
  virtual std::string unencrypted_server() const { return {}; }

  // Tells how far long transfers of this storage are. Before other threads use it; null: nobody is told.
  virtual void watch_transfers(TransferWatch watch) { watch_ = std::move(watch); }

  // What this storage can do. A verb that it cannot do throws kStorageUnsupported.
  virtual Capabilities capabilities() const = 0;

 protected:
  BaseStorage() = default;

  // Of what goes up: a backend that knows of it reports it by a WatchedTransfer.
  const TransferWatch& transfer_watch() const noexcept { return watch_; }

  // The same contracts; keys are valid, and the capability is there. put_many's keys are distinct.
  virtual bool do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const = 0;
  virtual std::optional<std::string> do_get_range(std::string_view key, std::uint64_t offset,
                                                  std::uint64_t length) const = 0;
  virtual void do_put(std::string_view key, std::string_view bytes) = 0;
  virtual bool do_put_if_absent(std::string_view key, std::string_view bytes) = 0;
  virtual std::optional<ObjectInfo> do_head(std::string_view key) const = 0;
  virtual std::vector<std::string> do_list(std::string_view prefix, std::string_view start_after,
                                           std::size_t limit) const = 0;
  virtual bool do_remove(std::string_view key) = 0;
  // A list and a head each, unless the backend knows better.
  virtual std::vector<ListedObject> do_list_objects(std::string_view prefix,
                                                    std::string_view start_after,
                                                    std::size_t limit) const;
  // One by one, unless the backend knows better.
  virtual std::vector<PutOutcome> do_put_many(std::span<const PutItem> items);

  // For do_read: throws when `size` exceeds `max_size`.
  void check_size(std::string_view key, std::uint64_t size, std::uint64_t max_size,
                  SizeIs known = SizeIs::kKnown) const;

 private:
  TransferWatch watch_;
};

}  // namespace pet
