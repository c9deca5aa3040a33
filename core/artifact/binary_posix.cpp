// Reading a plugin file. Each piece is hashed right after it was read, while it is still in the processor's cache.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>
#include <system_error>
#include <utility>

#include "core/artifact/binary.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"
#include "storage/posix_file.hpp"

namespace pet {
namespace {

constexpr std::size_t kPiece = std::size_t{128} << 10;

[[noreturn]] void fail(ErrorCode code, const std::string& origin, const std::string& why) {
  throw Error(code, pet::quoted(origin) + " " + why, {.class_name = {}, .hash = {}, .key = origin});
}

[[noreturn]] void fail_errno(const std::string& origin, int error) {
  fail(ErrorCode::kNoBinary, origin,
       error == ENOENT ? "does not exist"
                       : "cannot be read: " + std::generic_category().message(error));
}

const char* kind_of(mode_t mode) noexcept {
  if (S_ISDIR(mode)) return "is a directory";
  if (S_ISFIFO(mode)) return "is a pipe";
  if (S_ISSOCK(mode)) return "is a socket";
  return "is a device";
}

std::size_t checked_size(int descriptor, const std::string& origin, std::uint64_t max_size) {
  struct stat info;
  if (::fstat(descriptor, &info) != 0) fail_errno(origin, errno);
  if (!S_ISREG(info.st_mode)) {
    fail(ErrorCode::kNotAPlugin, origin,
         std::string(kind_of(info.st_mode)) + ", not a plugin file");
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > max_size) {
    fail(ErrorCode::kNotAPlugin, origin,
         "has " + std::to_string(size) + " bytes; a plugin file may have " +
             std::to_string(max_size));
  }
  return static_cast<std::size_t>(size);
}

// As many of the wanted bytes as there are.
std::size_t read_at(int descriptor, char* out, std::size_t want, std::size_t offset,
                    const std::string& origin) {
  std::size_t done = 0;
  while (done < want) {
    const ssize_t got =
        ::pread(descriptor, out + done, want - done, static_cast<off_t>(offset + done));
    if (got == 0) break;
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      fail_errno(origin, errno);
    }
  }
  return done;
}

// The whole file, read-only. Empty for a file of no bytes.
std::shared_ptr<const char> map(int descriptor, std::size_t size, const std::string& origin) {
  if (size == 0) return nullptr;
  void* const pages = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (pages == MAP_FAILED) fail_errno(origin, errno);
  return {static_cast<const char*>(pages),
          [size](const char* mapped) { ::munmap(const_cast<char*>(mapped), size); }};
}

}  // namespace

Binary Binary::read(const std::filesystem::path& path, std::uint64_t max_size) {
  const posix::FileDescriptor file = posix::open_to_read(AT_FDCWD, path.string(), 0);
  if (!file) fail_errno(path.string(), errno);
  return read_descriptor(file.get(), path.string(), max_size);
}

Binary Binary::read_descriptor(int descriptor, std::string origin, std::uint64_t max_size) {
  const std::size_t size = checked_size(descriptor, origin, max_size);
  return read_buffer(descriptor, size, std::move(origin));
}

Binary Binary::read_or_map_descriptor(int descriptor, std::string origin, std::uint64_t map_beyond,
                                      std::uint64_t max_size) {
  const std::size_t size = checked_size(descriptor, origin, max_size);
  if (size <= map_beyond) return read_buffer(descriptor, size, std::move(origin));
  std::shared_ptr<const char> mapped = map(descriptor, size, origin);
  const Hash hash = Hash::of(std::string_view(mapped.get(), size));
  return own(std::move(mapped), size, hash, std::move(origin));
}

Binary Binary::map_verified(int descriptor, const Hash& hash, std::string origin) {
  const std::size_t size =
      checked_size(descriptor, origin, std::numeric_limits<std::uint64_t>::max());
  return own(map(descriptor, size, origin), size, hash, std::move(origin));
}

Binary Binary::read_buffer(int descriptor, std::size_t size, std::string origin) {
  auto buffer = std::make_unique_for_overwrite<char[]>(size);
  Hasher hasher;
  for (std::size_t offset = 0; offset < size;) {
    const std::size_t want = std::min(kPiece, size - offset);
    const std::size_t got = read_at(descriptor, buffer.get() + offset, want, offset, origin);
    hasher.update(std::string_view(buffer.get() + offset, got));
    offset += got;
    if (got < want) fail(ErrorCode::kNoBinary, origin, "shrank while it was read: try again");
  }
  char beyond;
  if (read_at(descriptor, &beyond, 1, size, origin) != 0) {
    fail(ErrorCode::kNoBinary, origin, "grew while it was read: try again");
  }
  return own({buffer.release(), std::default_delete<char[]>()}, size, hasher.finish(),
             std::move(origin));
}

}  // namespace pet
