#include "storage/posix_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "storage/key.hpp"
#include "storage/random_hex.hpp"

namespace pet::posix {
namespace {

constexpr std::string_view kTemporaryPrefix = ".tmp-";
constexpr time_t kStaleSeconds = 3600;
constexpr int kSweptNames = 4096;
constexpr int kSweptFiles = 64;

struct Explanation {
  int error;
  ErrorCode code;
  const char* what;
  const char* next;
};

constexpr const char* kChooseAnother = "or choose another storage with --storage";

constexpr std::array kExplanations{
    Explanation{ENOSPC, ErrorCode::kStorageRefused, "no space left on the device that holds it",
                "free space there, "},
    Explanation{EDQUOT, ErrorCode::kStorageRefused, "the disk quota there is used up",
                "free space there, "},
    Explanation{EFBIG, ErrorCode::kStorageRefused, "the file is larger than is allowed",
                "raise the limit (ulimit -f), "},
    Explanation{EROFS, ErrorCode::kStorageRefused, "its file system is read-only",
                "mount it writable, "},
    Explanation{EACCES, ErrorCode::kStorageRefused, "permission denied", "allow it to this user, "},
    Explanation{EPERM, ErrorCode::kStorageRefused, "operation not permitted",
                "allow it to this user, "},
    Explanation{ENOTDIR, ErrorCode::kCorrupt, "a file stands where a folder was expected",
                "move it away, "},
    Explanation{EISDIR, ErrorCode::kCorrupt, "a folder stands where a file was expected",
                "move it away, "},
    Explanation{ELOOP, ErrorCode::kStorageRefused,
                "a symbolic link stands where a file or folder was expected", "replace it, "},
    Explanation{ENAMETOOLONG, ErrorCode::kStorageRefused, "the path is too long for this system",
                "use a shorter path, "},
    Explanation{EMFILE, ErrorCode::kStorageUnreachable, "this process has too many files open",
                "raise the limit (ulimit -n), "},
    Explanation{EIO, ErrorCode::kStorageUnreachable, "the device reported an input/output error",
                "check the device (dmesg), "},
    Explanation{ESTALE, ErrorCode::kStorageUnreachable, "the network file system lost it",
                "mount it again, "},
    Explanation{EOPNOTSUPP, ErrorCode::kStorageUnsupported, "the file system has no such operation",
                "use one that has, "},
    Explanation{EINVAL, ErrorCode::kStorageUnsupported,
                "the file system does not take the operation", "use one that does, "},
    Explanation{ENOSYS, ErrorCode::kStorageUnsupported, "the system has no such operation",
                "use one that has, "},
};

// The process that made a temporary of this name; 0 when the name says nothing.
pid_t maker_of(std::string_view name) {
  pid_t pid = 0;
  name.remove_prefix(kTemporaryPrefix.size());
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
  return parsed.ec == std::errc() && pid > 0 ? pid : 0;
}

bool is_running(pid_t pid) { return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM); }

// File systems of which syncfs is known to write all and to say when it could not. FUSE's returns 0 and
// tells nobody, and an overlay's knows of no errors below it.
bool is_synced_whole(int fd) {
  constexpr std::array<unsigned long, 6> kKnown{EXT4_SUPER_MAGIC,  XFS_SUPER_MAGIC,
                                                BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
                                                TMPFS_MAGIC,       0x2FC12FC1};  // ZFS
  struct statfs system {};
  return ::fstatfs(fd, &system) == 0 &&
         std::ranges::find(kKnown, static_cast<unsigned long>(system.f_type)) != kKnown.end();
}

// syncfs reports a failed write-back since Linux 5.8; before, it returns 0 all the same.
bool syncfs_reports_errors() {
  static const bool reports = [] {
    utsname system{};
    if (uname(&system) != 0) return false;
    char* rest = nullptr;
    const long major = std::strtol(system.release, &rest, 10);
    const long minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
    return major > 5 || (major == 5 && minor >= 8);
  }();
  return reports;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, std::max<std::size_t>(slash, 1));
}

// Link is refused in these ways by file systems that have none (FAT, some FUSE and network mounts).
bool means_no_link(int error) {
  return error == EPERM || error == EOPNOTSUPP || error == ENOSYS || error == EMLINK;
}

// Small enough to be still in the processor's cache when it is hashed and written, and no mapping of
// its own for malloc.
constexpr std::uint64_t kPiece = std::uint64_t{64} << 10;

struct FilePart {
  std::uint64_t begin;
  std::uint64_t end;
  std::uint64_t size;  // of the file, as far as it is known to reach
};

void read_into(int fd, char* out, const FilePart& part, const std::string& path) {
  for (std::uint64_t at = part.begin; at < part.end;) {
    const ssize_t got = ::pread(fd, out + (at - part.begin), part.end - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno(errno, "read", path);
    if (got == 0) {
      throw Error(ErrorCode::kCorrupt,
                  quoted(path) + " shrank while it was read: expected " +
                      std::to_string(part.size) + " bytes, it ends after " + std::to_string(at) +
                      ": let only PetFactory write there, and put the object again",
                  {.class_name = {}, .hash = {}, .key = path});
    }
    at += static_cast<std::uint64_t>(got);
  }
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void FileDescriptor::close() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

FileDescriptor open_to_read(int folder, const std::string& name, int flags) {
  constexpr std::chrono::milliseconds kLongestPause{50};
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  for (std::chrono::milliseconds pause{1};; pause = std::min(2 * pause, kLongestPause)) {
    FileDescriptor fd(
        ::openat(folder, name.c_str(), flags | O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (fd || errno != EWOULDBLOCK) return fd;
    if (std::chrono::steady_clock::now() >= give_up) {
      errno = EWOULDBLOCK;
      return fd;
    }
    std::this_thread::sleep_for(pause);
  }
}

void throw_errno(int error, std::string_view doing, const std::string& path) {
  const auto* known = std::ranges::find(kExplanations, error, &Explanation::error);
  const bool explained = known != kExplanations.end();
  const std::string what = explained ? known->what : std::strerror(error);
  const std::string next = explained ? known->next : "try again, ";
  throw Error(explained ? known->code : ErrorCode::kStorageUnreachable,
              "cannot " + std::string(doing) + " " + quoted(path) + ": " + what + ": " + next +
                  kChooseAnother,
              {.class_name = {}, .hash = {}, .key = path});
}

void write_all(int fd, std::string_view bytes, const std::string& path, Fail fail) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errno, "write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string read_exactly(int fd, std::uint64_t offset, std::uint64_t length,
                         const std::string& path) {
  std::string bytes(length, '\0');
  read_into(fd, bytes.data(), {offset, offset + length, offset + length}, path);
  return bytes;
}

void read_pieces(int fd, std::uint64_t size, const std::string& path, ByteSink& sink) {
  std::unique_ptr<char[]> own;
  for (std::uint64_t done = 0; done < size;) {
    const std::uint64_t most = std::min(size - done, kPiece);
    std::span<char> piece = sink.room(most);
    if (piece.empty()) {
      if (!own) own = std::make_unique_for_overwrite<char[]>(most);
      piece = {own.get(), most};
    }
    read_into(fd, piece.data(), {done, done + piece.size(), size}, path);
    sink.write({piece.data(), piece.size()});
    done += piece.size();
  }
}

void sync(int fd, const std::string& path) {
  while (::fsync(fd) != 0) {
    if (errno != EINTR) throw_errno(errno, "sync", path);
  }
}

bool sync_file_system(int fd, const std::string& path) {
  if (!syncfs_reports_errors() || !is_synced_whole(fd)) return false;
  if (::syncfs(fd) == 0) return true;
  if (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM) return false;
  throw_errno(errno, "sync the file system of", path);
}

std::string unique_name() { return std::to_string(getpid()) + "-" + random_hex(16); }

TemporaryFile::TemporaryFile(int folder, const std::string& folder_path, std::string name,
                             TemporaryFileOptions options)
    : folder_(folder),
      name_(std::move(name)),
      path_(folder_path + "/" + name_),
      fail_(options.fail) {
  do {
    temporary_ = std::string(kTemporaryPrefix) + unique_name();
    fd_ = FileDescriptor(::openat(folder_, temporary_.c_str(),
                                  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                  static_cast<mode_t>(options.mode)));
  } while (!fd_ && (errno == EEXIST || errno == EINTR));
  if (!fd_) fail_(errno, "create", path_);
}

TemporaryFile::~TemporaryFile() { discard(); }

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : folder_(other.folder_),
      name_(std::move(other.name_)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)),
      fail_(other.fail_) {}

void TemporaryFile::discard() noexcept {
  // A failure leaves a file that no key names; sweep_temporaries() finds it.
  if (!temporary_.empty()) ::unlinkat(folder_, temporary_.c_str(), 0);
  temporary_.clear();
}

void TemporaryFile::publish() {
  if (::renameat(folder_, temporary_.c_str(), folder_, name_.c_str()) != 0) {
    fail_(errno, "replace", path_);
  }
  temporary_.clear();
}

// By rename, which writes less than link and unlink do; network file systems have only the latter.
bool TemporaryFile::publish_if_absent() {
  if (::renameat2(folder_, temporary_.c_str(), folder_, name_.c_str(), RENAME_NOREPLACE) == 0) {
    temporary_.clear();
    return true;
  }
  const int error = errno;
  if (error == EINVAL || error == ENOSYS || error == EOPNOTSUPP) return link_if_absent();
  discard();
  if (error != EEXIST) fail_(error, "create", path_);
  return false;
}

bool TemporaryFile::link_if_absent() {
  if (::linkat(folder_, temporary_.c_str(), folder_, name_.c_str(), 0) == 0) {
    discard();
    return true;
  }
  const int error = errno;
  // NFS may lose the answer to a link that was made and report the repetition as EEXIST: then the name
  // is our file's.
  struct stat written {};
  struct stat named {};
  const bool ours = error == EEXIST && ::fstat(fd_.get(), &written) == 0 &&
                    ::fstatat(folder_, name_.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                    written.st_dev == named.st_dev && written.st_ino == named.st_ino;
  discard();
  if (error == EEXIST) return ours;
  if (!means_no_link(error)) fail_(error, "create", path_);
  throw Error(ErrorCode::kStorageUnsupported,
              "cannot create " + quoted(path_) +
                  " only if absent: its file system has neither link(2) nor renameat2(2): use one "
                  "that has, " +
                  kChooseAnother,
              {.class_name = {}, .hash = {}, .key = path_});
}

void sweep_temporaries(int folder) noexcept {
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> names(::fdopendir(copy), ::closedir);
  if (!names) {
    ::close(copy);
    return;
  }
  // The folder was written to a moment ago: its own time is "now" by the clock of the machine that
  // keeps the files, which may not be this one.
  struct stat status {};
  if (::fstat(folder, &status) != 0) return;
  const time_t now = status.st_mtime;
  int removed = 0;
  for (int seen = 0; seen < kSweptNames && removed < kSweptFiles; ++seen) {
    const dirent* entry = ::readdir(names.get());
    if (entry == nullptr) return;
    if (!std::string_view(entry->d_name).starts_with(kTemporaryPrefix)) continue;
    if (is_running(maker_of(entry->d_name))) continue;
    if (::fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (now - status.st_mtime < kStaleSeconds) continue;
    if (::unlinkat(folder, entry->d_name, 0) == 0) ++removed;
  }
}

void make_folders(const std::string& path) {
  const std::string parent = parent_of(path);
  int error = ::mkdir(path.c_str(), 0777) == 0 ? 0 : errno;
  if (error == ENOENT && parent != path && parent != ".") {
    make_folders(parent);
    error = ::mkdir(path.c_str(), 0777) == 0 ? 0 : errno;
  }
  if (error == EEXIST) {
    struct stat status {};
    const bool is_folder = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    if (!is_folder) throw_errno(ENOTDIR, "create the folder", path);
  } else if (error != 0) {
    throw_errno(error, "create the folder", path);
  }
  // Also when it was there: whoever made it may not have come to this line yet. Then, though, the
  // folder above may be closed to us, as /home is to some.
  const FileDescriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) {
    sync(folder.get(), parent);
  } else if (error == 0) {
    throw_errno(errno, "open", parent);
  }
}

void durable_write(const std::string& path, std::string_view bytes) {
  const std::string parent = parent_of(path);
  const FileDescriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw_errno(errno, "open", parent);

  TemporaryFile file(folder.get(), parent, path.substr(path.find_last_of('/') + 1));
  file.write(bytes);
  file.sync();
  file.publish();
  sync(folder.get(), parent);
}

}  // namespace pet::posix
