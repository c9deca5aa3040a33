// A cache in memory: one sealed memfd a hash. Nobody can change the bytes of a sealed file, not
// even through /proc, so the file that was checked is the file that is mapped, whatever the
// directories of this machine are like.
//
// glibc matches loaded libraries by name first. A closed descriptor's number would soon name
// another file, so the descriptors stay open until the process ends, and all caches of this kind
// share them. Each has a larger number than all before: even when somebody closes them all, no name
// comes back for other bytes.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <system_error>
#include <unordered_map>

#include "core/cache/cache_store.hpp"
#include "storage/error.hpp"
#include "storage/posix_file.hpp"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U  // Linux 6.3: where memfds are not executable unless they ask
#endif

namespace pet {
namespace {

using posix::FileDescriptor;

[[noreturn]] void refuse(const std::string& what, int error) {
  const bool files = error == EMFILE || error == ENFILE;
  throw Error(ErrorCode::kStorageRefused,
              "a binary cannot be kept in memory: " + what + ": " +
                  std::generic_category().message(error) + ": " +
                  (files ? "raise the limit of open files (ulimit -n)" : "check this machine") +
                  ", or choose a cache directory with PET_CACHE");
}

FileDescriptor create_file(const Hash& hash) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  FileDescriptor file(::memfd_create(hash.hex().c_str(), kFlags | MFD_EXEC));
  if (!file && errno == EINVAL) file = FileDescriptor(::memfd_create(hash.hex().c_str(), kFlags));
  if (!file) refuse("memfd_create failed", errno);
  return file;
}

void write_piece(int file, std::string_view bytes) {
  posix::write_all(file, bytes, {}, [](int error, std::string_view, const std::string&) {
    refuse("writing failed", error);
  });
}

void seal(int file) {
  if (::fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
    refuse("sealing failed", errno);
  }
}

// The same file under a number above `highest`.
FileDescriptor raised(FileDescriptor file, int highest) {
  if (file.get() > highest) return file;
  FileDescriptor above(::fcntl(file.get(), F_DUPFD_CLOEXEC, highest + 1));
  if (!above) refuse("no descriptor is left", errno == EINVAL ? EMFILE : errno);
  return above;
}

std::string path_of(int file) { return "/proc/self/fd/" + std::to_string(file); }

// The descriptors of this process. Never destroyed.
struct Files {
  std::mutex mutex;
  std::unordered_map<Hash, int> by_hash;
  int highest = -1;  // number that was ever given

  static Files& process() {
    static Files& files = *new Files;
    return files;
  }
};

// Seals the file and gives it its descriptor for good; that of the hash, when it has one already.
int keep(const Hash& hash, FileDescriptor file) {
  seal(file.get());
  Files& files = Files::process();
  const std::lock_guard lock(files.mutex);
  if (const auto known = files.by_hash.find(hash); known != files.by_hash.end()) {
    return known->second;
  }
  file = raised(std::move(file), files.highest);
  if (::access(path_of(file.get()).c_str(), R_OK) != 0) refuse("/proc is not mounted", errno);
  files.by_hash.emplace(hash, file.get());
  files.highest = file.get();
  return file.release();
}

// A file whose bytes are still to come.
class Incoming final : public CacheStore::NewFile {
 public:
  explicit Incoming(const Hash& hash) : hash_(hash), file_(create_file(hash)) {}

  void write(std::string_view piece) override { write_piece(file_.get(), piece); }
  CachedBinary publish() override {
    const int kept = keep(hash_, std::move(file_));
    return {Binary::map_verified(kept, hash_, path_of(kept)), path_of(kept)};
  }

 private:
  const Hash hash_;
  FileDescriptor file_;
};

class MemoryStore final : public CacheStore {
 public:
  std::string identity() override { return describe(); }

  Found find(const Hash& hash) override {
    const std::optional<int> file = descriptor(hash);
    if (!file) return {};
    try {
      const Binary binary = Binary::read_or_map_descriptor(*file, path_of(*file), kLarge);
      if (binary.hash() == hash) return {CachedBinary{binary, path_of(*file)}, {}};
    } catch (const Error&) {
      // Not even a file any more.
    }
    // Somebody in this process has closed our descriptor, and its number names another file now.
    const std::lock_guard lock(Files::process().mutex);
    Files::process().by_hash.erase(hash);
    return {{}, path_of(*file) + " is no longer the file that was put there"};
  }

  CachedBinary insert(const Binary& binary) override {
    if (const std::optional<int> known = descriptor(binary.hash())) {
      return {binary, path_of(*known)};
    }
    FileDescriptor file = create_file(binary.hash());
    write_piece(file.get(), binary.view());
    return {binary, path_of(keep(binary.hash(), std::move(file)))};
  }

  std::unique_ptr<NewFile> create(const Hash& hash) override {
    return std::make_unique<Incoming>(hash);
  }

  std::shared_ptr<void> claim(const Hash&) override { return nullptr; }
  bool outlives_process() const override { return false; }
  bool quarantined(const Hash&) override { return false; }

  CacheContents contents() override {
    Files& files = Files::process();
    const std::lock_guard lock(files.mutex);
    CacheSize size;
    for (const auto& [hash, file] : files.by_hash) {
      ++size.files;
      size.bytes += static_cast<std::uint64_t>(::lseek(file, 0, SEEK_END));
    }
    return {.binaries = size, .quarantine = {}};
  }

  std::uint64_t evict(std::uint64_t) override { return 0; }
  CacheSize clear_binaries() override { return {}; }
  CacheSize clear_quarantine() override { return {}; }
  std::string describe() const override { return "memory:"; }

 private:
  static std::optional<int> descriptor(const Hash& hash) {
    Files& files = Files::process();
    const std::lock_guard lock(files.mutex);
    const auto known = files.by_hash.find(hash);
    return known == files.by_hash.end() ? std::nullopt : std::optional(known->second);
  }
};

}  // namespace

std::unique_ptr<CacheStore> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace pet
