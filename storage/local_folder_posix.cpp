#include "storage/local_folder_posix.hpp"

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet::posix {
namespace {

// Takes the first segment off `folder`.
std::string next_segment(std::string_view& folder) {
  const std::size_t slash = folder.find('/');
  std::string segment(folder.substr(0, slash));
  folder.remove_prefix(slash == std::string_view::npos ? folder.size() : slash + 1);
  return segment;
}

[[noreturn]] void throw_not_a_file(const std::string& path) {
  throw Error(ErrorCode::kCorrupt,
              quoted(path) + " is not a regular file, which every object is: move it away",
              {.class_name = {}, .hash = {}, .key = path});
}

// A link or a socket is opened as neither file nor folder; the errno does not tell which it was.
[[noreturn]] void throw_not_openable(const Folder& parent, const std::string& name, int error) {
  const std::string path = parent.path + "/" + name;
  struct stat status {};
  const bool known = ::fstatat(parent.fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (known && S_ISLNK(status.st_mode)) throw_errno(ELOOP, "open", path);
  if (known && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) throw_not_a_file(path);
  throw_errno(error, "open", path);
}

// "a/b/c" below `root` in one call that follows no link either (Linux 5.6). Without a descriptor errno
// says why; anything but ENOENT is worth a walk, which knows which part it is, and older systems.
FileDescriptor open_below(const Folder& root, std::string_view path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const std::string name(path);
  return FileDescriptor(
      static_cast<int>(::syscall(SYS_openat2, root.fd.get(), name.c_str(), &how, sizeof how)));
}

// O_NONBLOCK: a FIFO that somebody left there must not hold us for ever.
constexpr int kOpenObject = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

OpenedObject examined(FileDescriptor fd, std::string path) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw_errno(errno, "examine", path);
  if (S_ISDIR(status.st_mode)) throw_errno(EISDIR, "read", path);
  if (!S_ISREG(status.st_mode)) throw_not_a_file(path);
  return {std::move(fd), std::move(path), static_cast<std::uint64_t>(status.st_size)};
}

Folder require_root(const std::string& root) {
  std::optional<Folder> opened = open_root(root);
  if (opened) return *std::move(opened);
  throw Error(ErrorCode::kStorageUnreachable,
              "storage " + quoted(root) +
                  " does not exist: check the path, and that it is "
                  "mounted; the first push makes a new one",
              {.class_name = {}, .hash = {}, .key = root});
}

}  // namespace

std::pair<std::string_view, std::string> split_key(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  if (slash == std::string_view::npos) return {{}, std::string(key)};
  return {key.substr(0, slash), std::string(key.substr(slash + 1))};
}

std::optional<Folder> open_root(const std::string& root) {
  FileDescriptor fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) return Folder{std::move(fd), root};
  if (errno == ENOENT) return std::nullopt;
  if (errno == ENOTDIR) {
    throw Error(
        ErrorCode::kStorageRefused,
        "storage " + quoted(root) +
            " is not a directory: name a directory, or a place for a new one, with --storage",
        {.class_name = {}, .hash = {}, .key = root});
  }
  throw_errno(errno, "open the storage", root);
}

std::optional<Folder> open_child(const Folder& parent, const std::string& name) {
  FileDescriptor fd(::openat(parent.fd.get(), name.c_str(), kOpenFolder));
  if (fd) return Folder{std::move(fd), parent.path + "/" + name};
  if (errno == ENOENT) return std::nullopt;
  throw_not_openable(parent, name, errno);
}

std::optional<Folder> open_folder(const std::string& root, std::string_view folder) {
  Folder opened = require_root(root);
  if (folder.empty()) return opened;
  if (FileDescriptor fd = open_below(opened, folder, kOpenFolder)) {
    return Folder{std::move(fd), root + "/" + std::string(folder)};
  }
  if (errno == ENOENT) return std::nullopt;
  std::optional<Folder> at = std::move(opened);
  while (at && !folder.empty()) at = open_child(*at, next_segment(folder));
  return at;
}

CreatedFolder create_folder(const std::string& root, std::string_view folder) {
  std::optional<Folder> at = open_root(root);
  bool created = !at;
  if (!at) {
    make_folders(root);
    at = open_root(root);
  }
  if (!at) throw_errno(ENOENT, "create folders in", root);  // somebody removes it meanwhile
  CreatedFolder last{std::move(*at), created};
  while (!folder.empty()) last = create_child(last, next_segment(folder));
  return last;
}

CreatedFolder create_child(const CreatedFolder& parent, const std::string& name) {
  std::optional<Folder> child = open_child(parent.folder, name);
  const bool created = !child;
  if (!child) {
    if (::mkdirat(parent.folder.fd.get(), name.c_str(), 0777) != 0 && errno != EEXIST) {
      throw_errno(errno, "create the folder", parent.folder.path + "/" + name);
    }
    child = open_child(parent.folder, name);
  }
  if (!child) throw_errno(ENOENT, "create folders in", parent.folder.path);  // as above
  return {*std::move(child), created || parent.created};
}

void sync_path_to(const std::string& root, std::string_view folder) {
  std::optional<Folder> at = open_root(root);
  while (at && !folder.empty()) {
    sync(at->fd.get(), at->path);
    at = open_child(*at, next_segment(folder));
  }
  if (!at) throw_errno(ENOENT, "sync the folders of", root);
}

std::optional<OpenedObject> open_object(const Folder& folder, const std::string& name) {
  FileDescriptor fd = open_to_read(folder.fd.get(), name, O_NOFOLLOW);
  if (fd) return examined(std::move(fd), folder.path + "/" + name);
  if (errno == ENOENT) return std::nullopt;
  throw_not_openable(folder, name, errno);
}

std::optional<OpenedObject> open_object(const std::string& root, std::string_view key) {
  {
    const Folder opened = require_root(root);
    if (FileDescriptor fd = open_below(opened, key, kOpenObject)) {
      return examined(std::move(fd), root + "/" + std::string(key));
    }
    if (errno == ENOENT) return std::nullopt;
  }
  const auto [folder_name, name] = split_key(key);
  const std::optional<Folder> folder = open_folder(root, folder_name);
  if (!folder) return std::nullopt;
  return open_object(*folder, name);
}

}  // namespace pet::posix
