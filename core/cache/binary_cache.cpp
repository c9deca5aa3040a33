#include "core/cache/binary_cache.hpp"

#include <algorithm>
#include <chrono>

#include "core/cache/cache_store.hpp"
#include "core/cache/incoming_binary.hpp"
#include "core/cache/single_flight.hpp"
#include "storage/error.hpp"
#include "storage/user_directory.hpp"

namespace pet {
namespace {

// Two caches over one directory are one cache. Never destroyed: a thread may still be fetching when
// the process ends.
SingleFlight<CachedBinary>& process_flights() {
  static SingleFlight<CachedBinary>& flights = *new SingleFlight<CachedBinary>;
  return flights;
}

// Throws unless what has come is what was asked for.
void require_right(IncomingBinary& incoming, const Hash& expected, const FetchSubject& subject) {
  const Hash got = incoming.finish();
  if (got == expected) return;
  throw Error(ErrorCode::kCorrupt,
              subject.class_name + " " + expected.short_hex() + " in " + subject.source +
                  " is damaged: expected sha256 " + expected.hex() + ", got " + got.hex() + " (" +
                  std::to_string(incoming.size()) + " bytes of '" + subject.key +
                  "'): restore that object from a copy, or remove it and push or save it again",
              {.class_name = subject.class_name, .hash = expected.hex(), .key = subject.key});
}

std::string origin_of(const FetchSubject& subject) { return subject.source + "/" + subject.key; }

}  // namespace

BinaryCache::BinaryCache(std::filesystem::path directory, CacheOptions options)
    : BinaryCache(make_directory_store(std::move(directory)), std::move(options)) {}

BinaryCache::BinaryCache(std::unique_ptr<CacheStore> store, CacheOptions options)
    : store_(std::move(store)), options_(std::move(options)) {}

BinaryCache::~BinaryCache() = default;

std::shared_ptr<BinaryCache> BinaryCache::in_memory(CacheOptions options) {
  return std::shared_ptr<BinaryCache>(new BinaryCache(make_memory_store(), std::move(options)));
}

std::shared_ptr<BinaryCache> BinaryCache::open(std::string_view text, CacheOptions options) {
  if (text == "memory:") return in_memory(std::move(options));
  return std::make_shared<BinaryCache>(std::filesystem::path(text), std::move(options));
}

std::filesystem::path BinaryCache::default_directory() {
  const std::filesystem::path caches = user_directory(UserDirectory::kCache);
  if (!caches.empty()) return caches / "petfactory";
  throw Error(
      ErrorCode::kStorageRefused,
      "no place for the cache: neither XDG_CACHE_HOME nor HOME is an absolute path: set one "
      "of them, choose a directory with PET_CACHE, or keep binaries in memory with "
      "PET_CACHE=memory:");
}

std::optional<CachedBinary> BinaryCache::find(const Hash& hash) {
  return find(hash, FetchSubject{});
}

std::optional<CachedBinary> BinaryCache::find(const Hash& hash, const FetchSubject& subject) {
  CacheStore::Found found = store_->find(hash);
  if (!found.damage.empty()) {
    notify(options_.observer,
           {EventKind::kQuarantine, subject.class_name, hash.hex(), "cache", found.damage, {}});
  }
  return std::move(found.cached);
}

CachedBinary BinaryCache::insert(const Binary& binary) {
  if (std::optional<CachedBinary> cached = find(binary.hash())) return *std::move(cached);
  CachedBinary cached = store_->insert(binary);
  make_room(binary.size());
  return cached;
}

// To look costs a system call for every file. So a look is good for a quarter of the room that it
// found: other processes insert too.
void BinaryCache::make_room(std::uint64_t inserted) {
  const std::uint64_t limit = options_.max_bytes;
  if (limit == CacheOptions::kNoLimit) return;
  {
    const std::lock_guard lock(room_mutex_);
    if (inserted < room_) {
      room_ -= inserted;
      return;
    }
  }
  try {
    std::uint64_t used = store_->contents().binaries.bytes;
    if (used > limit) used -= std::min(used, store_->evict(limit - limit / 10));
    const std::lock_guard lock(room_mutex_);
    room_ = used < limit ? (limit - used) / 4 : 0;
  } catch (const Error&) {
    // Housekeeping on the way: the binary is there, and who next needs the directory says what is
    // wrong with it.
  }
}

CachedBinary BinaryCache::get_or_fetch(const Hash& expected, const FetchSubject& subject,
                                       const std::function<std::string()>& download) {
  return get_or_fetch(expected, subject, [&](ByteSink& sink) {
    const std::string bytes = download();
    sink.begin(bytes.size());
    sink.write(bytes);
  });
}

CachedBinary BinaryCache::get_or_fetch(const Hash& expected, const FetchSubject& subject,
                                       const Download& download) {
  // The look into the store belongs to the flight: a thread that missed just before another one's
  // file appeared would fetch it again. Where from is part of the key: an error is shared only with
  // those who asked the same place for the same thing.
  return process_flights().run(
      store_->identity() + "\n" + expected.hex() + "\n" + subject.source + "\n" + subject.key,
      [&] { return fetch(expected, subject, download); });
}

CachedBinary BinaryCache::fetch(const Hash& expected, const FetchSubject& subject,
                                const Download& download) {
  const auto start = std::chrono::steady_clock::now();
  std::optional<CachedBinary> cached = find(expected, subject);
  std::shared_ptr<void> claim;
  if (!cached) {
    claim = store_->claim(expected);
    if (claim) cached = find(expected, subject);  // another process may have had it
  }
  if (!cached) {
    IncomingBinary incoming(store_.get(), expected, origin_of(subject));
    return fetch_into(incoming, expected, subject, download);
  }
  notify_hit(expected, subject, start);
  return *std::move(cached);
}

CachedBinary BinaryCache::fetch_into(IncomingBinary& incoming, const Hash& expected,
                                     const FetchSubject& subject, const Download& download) {
  download(incoming);
  require_right(incoming, expected, subject);
  CachedBinary cached = incoming.publish();
  make_room(incoming.size());
  return cached;
}

void BinaryCache::notify_hit(const Hash& hash, const FetchSubject& subject,
                             std::chrono::steady_clock::time_point start) const {
  notify(options_.observer, {EventKind::kCacheHit,
                             subject.class_name,
                             hash.hex(),
                             "cache",
                             {},
                             std::chrono::steady_clock::now() - start});
}

Binary BinaryCache::read_or_fetch(const Hash& expected, const FetchSubject& subject,
                                  const Download& download) {
  const auto start = std::chrono::steady_clock::now();
  std::optional<CachedBinary> cached;
  const bool usable = unless_refused(expected, subject, [&] { cached = find(expected, subject); });
  if (cached) {
    notify_hit(expected, subject, start);
    return std::move(cached->binary);
  }
  if (usable && store_->outlives_process()) {
    IncomingBinary incoming(store_.get(), expected, origin_of(subject));
    try {
      return fetch_into(incoming, expected, subject, download).binary;
    } catch (const Error& error) {
      // A full disk, say. What is large is downloaded again, into memory.
      if (!incoming.has_store_failed() || error.code() != ErrorCode::kStorageRefused) throw;
      notify_refusal(expected, subject, error);
      if (incoming.is_whole()) return incoming.whole();
    }
  }
  IncomingBinary incoming(nullptr, expected, origin_of(subject));
  download(incoming);
  require_right(incoming, expected, subject);
  return incoming.whole();
}

void BinaryCache::keep(const Binary& binary, const FetchSubject& subject) {
  if (!store_->outlives_process()) return;
  unless_refused(binary.hash(), subject, [&] { insert(binary); });
}

template <class Step>
bool BinaryCache::unless_refused(const Hash& hash, const FetchSubject& subject, const Step& step) {
  try {
    step();
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kStorageRefused) throw;
    notify_refusal(hash, subject, error);
    return false;
  }
}

void BinaryCache::notify_refusal(const Hash& hash, const FetchSubject& subject,
                                 const Error& error) const {
  notify(options_.observer,
         {EventKind::kRefusal, subject.class_name, hash.hex(), "cache", error.what(), {}});
}

bool BinaryCache::quarantined(const Hash& hash) { return store_->quarantined(hash); }
CacheSize BinaryCache::size() { return store_->contents().binaries; }
CacheContents BinaryCache::contents() { return store_->contents(); }
std::uint64_t BinaryCache::evict(std::uint64_t max_bytes) { return store_->evict(max_bytes); }

CacheContents BinaryCache::clear() {
  const CacheSize binaries = store_->clear_binaries();
  return {.binaries = binaries, .quarantine = store_->clear_quarantine()};
}

CacheSize BinaryCache::clear_quarantine() { return store_->clear_quarantine(); }
std::string BinaryCache::describe() const { return store_->describe(); }

}  // namespace pet
