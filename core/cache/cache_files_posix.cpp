#include "core/cache/cache_files_posix.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "core/cache/trusted_directory_posix.hpp"

namespace pet::posix {
namespace {

constexpr std::string_view kSuffix = ".so";

}  // namespace

std::string binary_name(const Hash& hash) { return hash.hex() + std::string(kSuffix); }

bool is_binary_name(std::string_view name) {
  return name.ends_with(kSuffix) && Hash::parse(name.substr(0, name.size() - kSuffix.size()));
}

std::vector<std::string> names_in(int folder) {
  std::vector<std::string> names;
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy), ::closedir);
  if (!stream) {
    ::close(copy);
    return names;
  }
  while (const dirent* entry = ::readdir(stream.get())) names.emplace_back(entry->d_name);
  return names;
}

bool remove_file(int folder, const std::string& name) {
  return ::unlinkat(folder, name.c_str(), 0) == 0 ||
         ::unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0;
}

std::vector<CacheFile> binaries_in(int folder) {
  std::vector<CacheFile> files;
  for (std::string& name : names_in(folder)) {
    struct stat info {};
    if (!is_binary_name(name)) continue;
    if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    files.push_back({std::move(name), static_cast<std::uint64_t>(info.st_size), info.st_mtim});
  }
  return files;
}

CacheSize size_of(const std::vector<CacheFile>& files) {
  CacheSize size;
  for (const CacheFile& file : files) {
    ++size.files;
    size.bytes += file.bytes;
  }
  return size;
}

// Of all that can be removed nothing stays because something else cannot. A folder with something
// in it is none of ours.
CacheSize remove_files(int folder, const std::string& path, std::vector<CacheFile> files) {
  int failure = 0;
  std::erase_if(files, [&](const CacheFile& file) {
    if (remove_file(folder, file.name)) return false;
    const bool is_ours = errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST;
    if (is_ours && failure == 0) failure = errno;
    return true;
  });
  if (failure != 0) throw_cache_errno(failure, path, "be cleared");
  return size_of(files);
}

}  // namespace pet::posix
