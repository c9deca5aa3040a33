#include "core/cache/trusted_directory_posix.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <vector>

#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet::posix {
namespace {

constexpr const char* kElsewhere =
    "choose another directory with PET_CACHE, or keep binaries in memory with PET_CACHE=memory:";

[[noreturn]] void refuse(const std::string& directory, const std::string& why,
                         const std::string& next_step) {
  throw Error(ErrorCode::kStorageRefused,
              "cache directory " + pet::quoted(directory) + " " + why + ": " + next_step +
                  (next_step.empty() ? "" : ", or ") + kElsewhere,
              {.class_name = {}, .hash = {}, .key = directory});
}

std::string octal(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777));
  return text.data();
}

// Throws unless only this user and root decide what the name `path` means inside, and what is in
// it.
void check_component(const std::string& directory, const std::string& path, bool is_last) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) throw_cache_errno(errno, directory, "be examined");
  if (!S_ISDIR(info.st_mode))
    refuse(directory, "cannot be used: '" + path + "' is not a directory", "");

  const uid_t self = ::geteuid();
  const std::string what = pet::quoted(path) + " (mode " + octal(info.st_mode) + ", owner uid " +
                           std::to_string(info.st_uid) + ")";
  if (info.st_uid != self && info.st_uid != 0) {
    refuse(directory,
           "cannot be trusted: " + what + " belongs to somebody else than this user (uid " +
               std::to_string(self) + "), who could replace what is loaded from there",
           "");
  }
  const bool writable = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  // In a sticky directory others may add names, but neither rename nor remove ours.
  const bool sticky = (info.st_mode & S_ISVTX) != 0 && !is_last;
  if (writable && !sticky) {
    refuse(directory,
           "cannot be trusted: others may write to " + what +
               " and so replace what is loaded from there",
           "chmod go-w " + pet::quoted(path));
  }
}

// Every directory from the root to `path`. `is_last`: the cache's own is among them.
void check_path(const std::string& directory, const std::string& path, bool is_last) {
  check_component(directory, "/", is_last && path == "/");
  for (std::size_t end = 0; end != std::string::npos && path != "/";) {
    end = path.find('/', end + 1);
    check_component(directory, path.substr(0, end), is_last && end == std::string::npos);
  }
}

// What exists of the path is made canonical and checked before anything is created in it.
std::string create(const std::filesystem::path& directory) {
  std::error_code failure;
  std::filesystem::path existing = directory;
  std::vector<std::filesystem::path> missing;
  while (!std::filesystem::exists(std::filesystem::symlink_status(existing, failure))) {
    if (failure && failure != std::errc::no_such_file_or_directory) break;
    missing.push_back(existing.filename());
    existing = existing.parent_path();
  }
  std::filesystem::path path = std::filesystem::canonical(existing, failure);
  if (failure) throw_cache_errno(failure.value(), directory.string(), "be opened");
  check_path(directory.string(), path.string(), missing.empty());

  for (; !missing.empty(); missing.pop_back()) {
    path /= missing.back();
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
      throw_cache_errno(errno, directory.string(), "be created");
    }
    check_component(directory.string(), path.string(), true);
  }
  return path.string();
}

}  // namespace

void throw_cache_errno(int error, const std::string& directory, const std::string& doing) {
  const std::string why = "cannot " + doing + ": " + std::generic_category().message(error);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      refuse(directory, why, "free space there");
    case EACCES:
    case EPERM:
      refuse(directory, why,
             "make it writable for this user (uid " + std::to_string(::geteuid()) + ")");
    case EROFS:
      refuse(directory, why, "mount it writable");
    case EMFILE:
    case ENFILE:
      refuse(directory, why, "raise the limit of open files (ulimit -n)");
    default:
      refuse(directory, why, "");
  }
}

TrustedDirectory open_trusted_directory(const std::filesystem::path& directory) {
  std::error_code failure;
  const std::filesystem::path absolute = std::filesystem::absolute(directory, failure);
  if (failure) throw_cache_errno(failure.value(), directory.string(), "be found");
  // "cache/" and "cache/." are "cache".
  std::filesystem::path plain = absolute.lexically_normal();
  if (!plain.has_filename() && plain.has_relative_path()) plain = plain.parent_path();

  TrustedDirectory opened{{}, create(plain)};
  opened.fd =
      FileDescriptor(::open(opened.path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!opened.fd) throw_cache_errno(errno, opened.path, "be opened");

  struct statvfs system {};
  if (::fstatvfs(opened.fd.get(), &system) == 0 && (system.f_flag & ST_NOEXEC) != 0) {
    refuse(opened.path, "is on a file system mounted noexec, so nothing in it can be loaded",
           "mount it with exec");
  }
  return opened;
}

}  // namespace pet::posix
