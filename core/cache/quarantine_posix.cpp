#include "core/cache/quarantine_posix.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <tuple>

namespace pet::posix {
namespace {

constexpr std::size_t kQuarantineFiles = 16;
constexpr std::uint64_t kQuarantineBytes = std::uint64_t{256} << 20;

// "<hash>-<unique>"
bool is_quarantine_name(std::string_view name) {
  constexpr std::size_t kHex = 64;
  return name.size() > kHex && name[kHex] == '-' && Hash::parse(name.substr(0, kHex));
}

// Whether `name` still is the open file, and not a good one that another process put in its place.
bool is_named(int directory, const std::string& name, int file) {
  struct stat named {
  }, open{};
  return ::fstatat(directory, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::fstat(file, &open) == 0 && named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

// A damaged file is kept for somebody to look at, not for ever.
void prune(int folder, const std::string& newest) {
  std::vector<CacheFile> newest_first = quarantined_in(folder);
  std::ranges::sort(newest_first, [&](const CacheFile& a, const CacheFile& b) {
    if ((a.name == newest) != (b.name == newest)) return a.name == newest;
    return std::tie(a.used.tv_sec, a.used.tv_nsec) > std::tie(b.used.tv_sec, b.used.tv_nsec);
  });
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < newest_first.size(); ++i) {
    bytes += newest_first[i].bytes;
    if (i > 0 && (i >= kQuarantineFiles || bytes > kQuarantineBytes)) {
      remove_file(folder, newest_first[i].name);
    }
  }
}

}  // namespace

FileDescriptor open_quarantine(int directory) {
  return FileDescriptor(
      ::openat(directory, kQuarantine, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// A rename leaves the time of the last write alone, but not that of the last change.
std::vector<CacheFile> quarantined_in(int folder) {
  std::vector<CacheFile> files;
  for (std::string& name : names_in(folder)) {
    struct stat info {};
    if (!is_quarantine_name(name)) continue;
    if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    files.push_back({std::move(name), static_cast<std::uint64_t>(info.st_size), info.st_ctim});
  }
  return files;
}

bool is_quarantined(int folder, const Hash& hash) {
  return std::ranges::any_of(names_in(folder), [prefix = hash.hex() + "-"](const auto& name) {
    return name.starts_with(prefix);
  });
}

std::string move_to_quarantine(const TrustedDirectory& directory, const Hash& hash, int file) {
  const std::string old_name = binary_name(hash);
  if (file >= 0 && !is_named(directory.fd.get(), old_name, file)) {
    return "another process has replaced it meanwhile";
  }
  ::mkdirat(directory.fd.get(), kQuarantine, 0700);
  const FileDescriptor folder = open_quarantine(directory.fd.get());
  const std::string name = hash.hex() + "-" + unique_name();
  if (folder && ::renameat(directory.fd.get(), old_name.c_str(), folder.get(), name.c_str()) == 0) {
    prune(folder.get(), name);
    return "moved to " + directory.path + "/" + kQuarantine + "/" + name;
  }
  return "it cannot be moved away: " + std::generic_category().message(errno);
}

}  // namespace pet::posix
