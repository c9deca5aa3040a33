#include "core/cache/cache_tag_posix.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "storage/error.hpp"

namespace pet::posix {
namespace {

constexpr const char* kTag = "CACHEDIR.TAG";
constexpr std::string_view kText =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# A cache of petfactory: what is in it can be fetched or made again.\n";
// What a cache made for its locks before it had a tag.
constexpr const char* kFetching = ".fetching";

bool exists(int directory, const char* name) {
  struct stat info {};
  return ::fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

void tag_cache(const TrustedDirectory& directory) {
  if (exists(directory.fd.get(), kTag)) return;
  try {
    TemporaryFile file(directory.fd.get(), directory.path, kTag, {.mode = 0644});
    file.write(kText);
    file.publish_if_absent();
  } catch (const Error&) {
  }
}

bool is_tagged_cache(int directory) {
  if (exists(directory, kFetching)) return true;
  const FileDescriptor tag(
      ::openat(directory, kTag, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  std::array<char, kText.size()> text{};
  return tag && ::read(tag.get(), text.data(), text.size()) == ssize_t{kText.size()} &&
         std::string_view(text.data(), text.size()) == kText;
}

}  // namespace pet::posix
