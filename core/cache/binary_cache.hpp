// BinaryCache: a hash → a verified file on this machine, which the loader can map.
//
//   BinaryCache cache("/home/ann/.cache/petfactory");
//   const CachedBinary got = cache.get_or_fetch(hash, {"MyFilter", storage.describe(), key},
//                                               [&](ByteSink& sink) { registry.require_binary(…, sink); });
//   // CheckedLoader (core/factory) gates and maps got.binary, as the file got.file.
//
// Bytes:    a file that was there is read and hashed, through one descriptor, every time. One that
//           does not match is taken out (quarantine/<hash>-<unique>), reported, and fetched again:
//           no caller ever sees it.
// Memory:   a download is hashed while it arrives. Up to 4 MiB, which is nearly all plugins, stay in
//           memory for gate and loader; what is larger goes to the cache's file at once, and is mapped
//           from there, now and whenever it is found again.
// Names:    one path for one hash, for ever, since glibc matches loaded libraries by name first. In
//           memory the path is a sealed memfd's (/proc/self/fd/N), whose descriptor stays open
//           until the process ends.
// Safety:   the bytes that were checked must be those that dlopen then maps. So nobody but this
//           user and root may be able to write to the directory, to anything in it, or to any
//           directory above it (a sticky one such as /tmp is all right). Links in the directory's
//           path are resolved once, when it is opened, and none is followed below it. One that is
//           renamed, replaced or given other modes meanwhile is opened and checked again at its
//           next use.
// Sharing:  any number of processes: a file appears by one rename. It needs no fsync, since a file
//           that a power cut emptied does not match its hash. Threads that ask for one hash at the
//           same time fetch it once. Of processes that do, one fetches it and the others wait some
//           20 seconds at most: a lock spares downloads, and nothing is wrong without it.
// Size:     after an insert that takes it beyond options.max_bytes, the least recently used files
//           go until it is a tenth below; those used within the last minute stay. That needs no
//           leases: a mapped file survives unlinking, and a vanished one is fetched again. Who
//           finds that `file` is gone when it is to be mapped asks again. Of the quarantine the
//           newest 16 files stay, up to 256 MiB, and the newest of all in any case.
// Threads:  every method, from any thread.
// Throws:   pet::Error: kStorageRefused when the directory cannot be used (somebody else's,
//           writable for others, read-only, full, mounted noexec), naming it and the way out;
//           kCorrupt for a download that does not match its hash.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/artifact/binary.hpp"
#include "core/artifact/hash.hpp"
#include "core/observer.hpp"
#include "storage/byte_sink.hpp"

namespace pet {

class CacheStore;
class Error;
class IncomingBinary;

struct CachedBinary {
  Binary binary;     // the bytes that were hashed
  std::string file;  // where they lie: the only path that this cache ever gives for the hash
};

struct CacheOptions {
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  Observer observer =
      {};  // kCacheHit, kQuarantine; a refusal is thrown, and its caller's to report
  std::uint64_t max_bytes = std::uint64_t{10} << 30;  // 10 GiB; in memory there is no limit
};

struct CacheSize {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

struct CacheContents {
  CacheSize binaries;    // fitted states too
  CacheSize quarantine;  // damaged files, kept to be looked at
};

// Whose bytes are fetched and from where, for messages and events.
struct FetchSubject {
  std::string class_name;
  std::string source;  // a storage's describe()
  std::string key;     // storage key
};

class BinaryCache {
 public:
  // Touches nothing: the directory is created (0700) and checked at the first use. An empty path
  // means default_directory(), found at the first use too.
  explicit BinaryCache(std::filesystem::path directory = {}, CacheOptions options = {});
  ~BinaryCache();
  BinaryCache(const BinaryCache&) = delete;
  BinaryCache& operator=(const BinaryCache&) = delete;

  // Files in memory, for machines whose directories cannot be trusted or are mounted noexec. They
  // stay until the process ends.
  static std::shared_ptr<BinaryCache> in_memory(CacheOptions options = {});

  // From the text of PET_CACHE: a directory; "memory:"; or nothing, for the default directory.
  static std::shared_ptr<BinaryCache> open(std::string_view text, CacheOptions options = {});

  // $XDG_CACHE_HOME/petfactory, else $HOME/.cache/petfactory. Throws kStorageRefused when neither
  // is an absolute path.
  static std::filesystem::path default_directory();

  // The file of this hash, verified; nullopt when there is none, or it was damaged and is now
  // quarantined.
  std::optional<CachedBinary> find(const Hash& hash);

  // Stores the bytes under their own hash, unless they are there.
  CachedBinary insert(const Binary& binary);

  // Gives the bytes to the sink, as BaseStorage::read does, or throws.
  using Download = std::function<void(ByteSink& sink)>;

  // find, else `download` and insert. Threads that ask for the same hash meanwhile wait and get the
  // first one's answer, its exception too. What `download` throws is passed on (that an object is
  // absent is for it to say); bytes of another hash are kCorrupt and not kept. `download` must not
  // ask for the same hash.
  CachedBinary get_or_fetch(const Hash& expected, const FetchSubject& subject,
                            const Download& download);

  // The same for bytes that come whole.
  CachedBinary get_or_fetch(const Hash& expected, const FetchSubject& subject,
                            const std::function<std::string()>& download);

  // The same for bytes that are read and never mapped, a fitted state say. What is kept of them is
  // for later processes: nothing in memory, and where the directory cannot be used (kStorageRefused,
  // told to the observer) they are downloaded.
  Binary read_or_fetch(const Hash& expected, const FetchSubject& subject, const Download& download);

  // Keeps such bytes, where that can be.
  void keep(const Binary& binary, const FetchSubject& subject);

  // Whether a damaged file of this hash lies in the quarantine.
  bool quarantined(const Hash& hash);

  // What the binaries take, without the quarantine.
  CacheSize size();

  CacheContents contents();

  // Removes least recently used binaries until at most `max_bytes` remain, and returns the bytes
  // that went, removed by this call or by another process meanwhile. Those used within the last
  // minute stay in any case: somebody may be about to map them. One whose time is to come, by more
  // than a minute, counts as the oldest. In memory: removes nothing.
  std::uint64_t evict(std::uint64_t max_bytes);

  // Removes every binary and the quarantine, and says what went. Throws kStorageRefused for a
  // directory that has something in it and is no cache's: what first inserts there makes it one
  // (CACHEDIR.TAG). In memory: removes nothing.
  CacheContents clear();

  // The same for the quarantine alone.
  CacheSize clear_quarantine();

  // For messages: the directory, or "memory:".
  std::string describe() const;

 private:
  BinaryCache(std::unique_ptr<CacheStore> store, CacheOptions options);

  std::optional<CachedBinary> find(const Hash& hash, const FetchSubject& subject);
  template <class Step>
  bool unless_refused(const Hash& hash, const FetchSubject& subject, const Step& step);
  void notify_refusal(const Hash& hash, const FetchSubject& subject, const Error& error) const;
  void notify_hit(const Hash& hash, const FetchSubject& subject,
                  std::chrono::steady_clock::time_point start) const;
  CachedBinary fetch(const Hash& expected, const FetchSubject& subject, const Download& download);
  CachedBinary fetch_into(IncomingBinary& incoming, const Hash& expected,
                          const FetchSubject& subject, const Download& download);
  void make_room(std::uint64_t inserted);

  std::unique_ptr<CacheStore> store_;
  CacheOptions options_;
  std::mutex room_mutex_;
  std::uint64_t room_ = 0;  // bytes that may be inserted before the size is looked at
};

}  // namespace pet
