// A cache in a directory: <hash>.so for what is good, quarantine/<hash>-<unique> for what was not,
// .fetching for claims, CACHEDIR.TAG, and a TemporaryFile on the way. All of it is reached from the directory's descriptor, by
// names without a slash, and without following links.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <mutex>
#include <system_error>
#include <thread>
#include <tuple>
#include <vector>

#include "core/cache/cache_files_posix.hpp"
#include "core/cache/cache_store.hpp"
#include "core/cache/cache_tag_posix.hpp"
#include "core/cache/quarantine_posix.hpp"
#include "core/cache/trusted_directory_posix.hpp"
#include "storage/key.hpp"
#include "storage/posix_file.hpp"

namespace pet {
namespace {

using posix::CacheFile;
using posix::FileDescriptor;

// A file is touched when it is used, at most every half minute; it is not evicted for a minute
// then.
constexpr std::time_t kTouchSeconds = 30;
constexpr std::time_t kInUseSeconds = 60;
constexpr std::time_t kAheadSeconds = 60;
// One byte of this file is locked for each hash that is being fetched.
constexpr const char* kFetching = ".fetching";
constexpr std::chrono::seconds kLongestWait{20};
constexpr std::chrono::milliseconds kLongestPause{20};

// For a caller who words the failure himself.
[[noreturn]] void throw_system_error(int error, std::string_view, const std::string&) {
  throw std::system_error(error, std::generic_category());
}

// What makes the open file unfit, whatever its bytes; empty when nothing does.
std::string fault_of(int file) {
  struct stat info {};
  if (::fstat(file, &info) != 0) return "cannot be examined";
  if (!S_ISREG(info.st_mode)) return "is not a regular file";
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return "belongs to somebody else (uid " + std::to_string(info.st_uid) + ")";
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "may be written by others";
  return {};
}

// Whether the time is less than `seconds` ago. One to come may be a clock's that is a little ahead;
// one far ahead was set by a clock that was wrong, or is, and says nothing.
bool is_recent(std::time_t time, std::time_t seconds) {
  const std::time_t age = std::time(nullptr) - time;
  return age < seconds && age > -kAheadSeconds;
}

void touch(int file) {
  struct stat info {};
  if (::fstat(file, &info) != 0 || is_recent(info.st_mtime, kTouchSeconds)) return;
  ::futimens(file, nullptr);  // fails in a read-only cache, which nobody evicts from either
}

struct stat status_of(int file) {
  struct stat info {};
  ::fstat(file, &info);  // a failure leaves zeros, which no directory has
  return info;
}

bool is_unchanged(const std::string& path, const struct stat& before) {
  struct stat now {};
  return ::lstat(path.c_str(), &now) == 0 && now.st_dev == before.st_dev &&
         now.st_ino == before.st_ino && now.st_mode == before.st_mode &&
         now.st_uid == before.st_uid;
}

class DirectoryStore final : public CacheStore {
 public:
  explicit DirectoryStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

  std::string identity() override { return seen()->path; }
  Found find(const Hash& hash) override;
  CachedBinary insert(const Binary& binary) override;
  std::unique_ptr<NewFile> create(const Hash& hash) override;
  std::shared_ptr<void> claim(const Hash& hash) override;
  bool outlives_process() const override { return true; }
  bool quarantined(const Hash& hash) override;
  CacheContents contents() override;
  std::uint64_t evict(std::uint64_t max_bytes) override;
  CacheSize clear_binaries() override;
  CacheSize clear_quarantine() override;
  std::string describe() const override;

 private:
  struct Opened : posix::TrustedDirectory {
    explicit Opened(posix::TrustedDirectory directory)
        : TrustedDirectory(std::move(directory)), as_opened(status_of(fd.get())) {}

    struct stat as_opened;
    mutable std::once_flag swept;
  };
  using Directory = std::shared_ptr<const Opened>;
  class Incoming;

  Directory opened();
  Directory seen();
  void forget(const Directory& gone);
  static std::string path_of(const Directory& directory, const Hash& hash) {
    return directory->path + "/" + posix::binary_name(hash);
  }
  static std::string damage_of(const Directory& directory, const Hash& hash, int file,
                               std::optional<CachedBinary>& cached);
  static posix::TemporaryFile temporary(const Directory& directory, const Hash& hash);
  static int write(const Directory& directory, const Binary& binary);
  static void require_cache(const Directory& directory);

  const std::filesystem::path directory_;
  mutable std::mutex mutex_;
  Directory opened_;
};

// The path is what dlopen gets, so it has to name the directory that was opened, with the owner and
// mode that were checked. Else it is opened, and checked, again.
DirectoryStore::Directory DirectoryStore::opened() {
  const std::lock_guard lock(mutex_);
  if (opened_ && !is_unchanged(opened_->path, opened_->as_opened)) opened_ = nullptr;
  if (!opened_) {
    const std::filesystem::path directory =
        directory_.empty() ? BinaryCache::default_directory() : directory_;
    opened_ = std::make_shared<const Opened>(posix::open_trusted_directory(directory));
  }
  return opened_;
}

// The directory as it was when somebody last looked: for what does no harm in one that was replaced.
DirectoryStore::Directory DirectoryStore::seen() {
  {
    const std::lock_guard lock(mutex_);
    if (opened_) return opened_;
  }
  return opened();
}

std::string DirectoryStore::describe() const {
  const std::lock_guard lock(mutex_);
  if (opened_) return opened_->path;
  return directory_.empty() ? "the default directory" : directory_.string();
}

void DirectoryStore::forget(const Directory& gone) {
  const std::lock_guard lock(mutex_);
  if (opened_ == gone) opened_ = nullptr;
}

CacheStore::Found DirectoryStore::find(const Hash& hash) {
  const Directory directory = opened();
  const FileDescriptor file =
      posix::open_to_read(directory->fd.get(), posix::binary_name(hash), O_NOFOLLOW);
  if (!file && errno == ENOENT) return {};
  if (!file && errno != ELOOP && errno != EACCES && errno != ENXIO) {
    posix::throw_cache_errno(errno, directory->path, "be read");
  }

  Found found;
  const std::string damage = file ? damage_of(directory, hash, file.get(), found.cached)
                                  : "cannot be opened: " + std::generic_category().message(errno);
  if (damage.empty()) {
    touch(file.get());
  } else {
    found.damage = path_of(directory, hash) + " " + damage + ": " +
                   posix::move_to_quarantine(*directory, hash, file.get());
  }
  return found;
}

// What is wrong with the file, or nothing, and `cached`.
std::string DirectoryStore::damage_of(const Directory& directory, const Hash& hash, int file,
                                      std::optional<CachedBinary>& cached) {
  if (std::string fault = fault_of(file); !fault.empty()) return fault;
  const std::string path = path_of(directory, hash);
  try {
    const Binary binary = Binary::read_or_map_descriptor(file, path, kLarge);
    if (binary.hash() == hash) {
      cached = CachedBinary{binary, path};
      return {};
    }
    return "has " + std::to_string(binary.size()) + " bytes of sha256 " + binary.hash().hex();
  } catch (const Error& error) {
    return error.what();
  }
}

CachedBinary DirectoryStore::insert(const Binary& binary) {
  Directory directory = opened();
  int error = write(directory, binary);
  if (error == ENOENT) {  // somebody removed the whole directory: make it again
    forget(directory);
    directory = opened();
    error = write(directory, binary);
  }
  if (error != 0) posix::throw_cache_errno(error, directory->path, "take a file");
  return {binary, path_of(directory, binary.hash())};
}

// Throws std::system_error, as the file itself does.
posix::TemporaryFile DirectoryStore::temporary(const Directory& directory, const Hash& hash) {
  const int folder = directory->fd.get();
  posix::TemporaryFile file(folder, directory->path, posix::binary_name(hash),
                            {.mode = 0600, .fail = throw_system_error});
  std::call_once(directory->swept, [&] {
    posix::sweep_temporaries(folder);
    posix::tag_cache(*directory);
  });
  return file;
}

// 0, or the errno. Racing processes each rename a whole file of the same bytes over the name.
int DirectoryStore::write(const Directory& directory, const Binary& binary) {
  try {
    posix::TemporaryFile file = temporary(directory, binary.hash());
    file.write(binary.view());
    file.publish();
    return 0;
  } catch (const std::system_error& failed) {
    return failed.code().value();
  }
}

// A file whose bytes are still to come.
class DirectoryStore::Incoming final : public NewFile {
 public:
  Incoming(DirectoryStore& store, Directory directory, const Hash& hash)
      : store_(store),
        directory_(std::move(directory)),
        hash_(hash),
        file_(temporary(directory_, hash)) {}

  void write(std::string_view piece) override {
    try {
      file_.write(piece);
    } catch (const std::system_error& failed) {
      posix::throw_cache_errno(failed.code().value(), directory_->path, "take a file");
    }
  }

  CachedBinary publish() override {
    const std::string path = path_of(directory_, hash_);
    Binary binary = Binary::map_verified(file_.descriptor(), hash_, path);
    try {
      file_.publish();
    } catch (const std::system_error& failed) {
      const int error = failed.code().value();
      // Somebody removed the whole directory: the mapping still has the bytes.
      if (error == ENOENT) return store_.insert(binary);
      posix::throw_cache_errno(error, directory_->path, "take a file");
    }
    return {std::move(binary), path};
  }

 private:
  DirectoryStore& store_;
  const Directory directory_;
  const Hash hash_;
  posix::TemporaryFile file_;
};

std::unique_ptr<CacheStore::NewFile> DirectoryStore::create(const Hash& hash) {
  Directory directory = opened();
  for (bool is_again = false;; is_again = true) {
    try {
      return std::make_unique<Incoming>(*this, directory, hash);
    } catch (const std::system_error& failed) {
      const int error = failed.code().value();
      if (error != ENOENT || is_again) {
        posix::throw_cache_errno(error, directory->path, "take a file");
      }
    }
    forget(directory);  // somebody removed the whole directory: make it again
    directory = opened();
  }
}

bool DirectoryStore::quarantined(const Hash& hash) {
  const FileDescriptor folder = posix::open_quarantine(opened()->fd.get());
  return folder && posix::is_quarantined(folder.get(), hash);
}

// Locks of open files, not of processes: threads wait for each other too, and a lock goes with the
// process that has it, however that ends.
std::shared_ptr<void> DirectoryStore::claim(const Hash& hash) {
  const Directory directory = seen();
  // O_CREAT locks the whole directory, so it is for the first time.
  constexpr int kOpen = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
  auto file = std::make_shared<FileDescriptor>(::openat(directory->fd.get(), kFetching, kOpen));
  if (!*file) {
    *file = FileDescriptor(::openat(directory->fd.get(), kFetching, kOpen | O_CREAT, 0600));
  }
  if (!*file) return nullptr;
  struct flock byte {};
  byte.l_type = F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = static_cast<off_t>(std::hash<Hash>()(hash) >> 2);
  byte.l_len = 1;
  const auto give_up = std::chrono::steady_clock::now() + kLongestWait;
  for (std::chrono::milliseconds pause{1};; pause = std::min(2 * pause, kLongestPause)) {
    if (::fcntl(file->get(), F_OFD_SETLK, &byte) == 0) return file;
    const bool taken = errno == EAGAIN || errno == EACCES || errno == EINTR;
    if (!taken || std::chrono::steady_clock::now() >= give_up) return nullptr;
    std::this_thread::sleep_for(pause);
  }
}

CacheContents DirectoryStore::contents() {
  const Directory directory = opened();
  const FileDescriptor folder = posix::open_quarantine(directory->fd.get());
  return {.binaries = posix::size_of(posix::binaries_in(directory->fd.get())),
          .quarantine = folder ? posix::size_of(posix::quarantined_in(folder.get())) : CacheSize{}};
}

// What another process removed meanwhile is gone too: else each of several would remove as much
// again.
std::uint64_t DirectoryStore::evict(std::uint64_t max_bytes) {
  const Directory directory = opened();
  std::vector<CacheFile> oldest_first = posix::binaries_in(directory->fd.get());
  const std::uint64_t total = posix::size_of(oldest_first).bytes;
  std::erase_if(oldest_first,
                [](const CacheFile& entry) { return is_recent(entry.used.tv_sec, kInUseSeconds); });
  const std::time_t now = std::time(nullptr);
  std::ranges::sort(oldest_first, {}, [now](const CacheFile& entry) {
    return std::tuple(entry.used.tv_sec <= now, entry.used.tv_sec, entry.used.tv_nsec);
  });

  std::uint64_t gone = 0;
  for (const CacheFile& entry : oldest_first) {
    if (total - gone <= max_bytes) break;
    const bool removed = ::unlinkat(directory->fd.get(), entry.name.c_str(), 0) == 0;
    if (removed || errno == ENOENT) gone += entry.bytes;
  }
  return gone;
}

// The binaries of a storage's folder are named as a cache's are.
void DirectoryStore::require_cache(const Directory& directory) {
  if (posix::is_tagged_cache(directory->fd.get())) return;
  const auto is_something = [](const std::string& name) { return name != "." && name != ".."; };
  if (std::ranges::none_of(posix::names_in(directory->fd.get()), is_something)) return;
  throw Error(ErrorCode::kStorageRefused,
              pet::quoted(directory->path) +
                  " is not cleared: it has no CACHEDIR.TAG of a cache, so what lies there may be "
                  "something else: name the cache's own directory, or remove what is there by hand",
              {.class_name = {}, .hash = {}, .key = directory->path});
}

CacheSize DirectoryStore::clear_binaries() {
  const Directory directory = opened();
  require_cache(directory);
  return posix::remove_files(directory->fd.get(), directory->path,
                             posix::binaries_in(directory->fd.get()));
}

CacheSize DirectoryStore::clear_quarantine() {
  const Directory directory = opened();
  require_cache(directory);
  const FileDescriptor folder = posix::open_quarantine(directory->fd.get());
  if (!folder) return {};
  return posix::remove_files(folder.get(), directory->path + "/" + posix::kQuarantine,
                             posix::quarantined_in(folder.get()));
}

}  // namespace

std::unique_ptr<CacheStore> make_directory_store(std::filesystem::path directory) {
  return std::make_unique<DirectoryStore>(std::move(directory));
}

}  // namespace pet
