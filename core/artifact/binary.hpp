// Binary: the bytes of one plugin file, read once (or, a large file of a cache's, mapped).
//
// Hash, facts and gate are computed from this one buffer, and it is what push stores: a file that somebody
// rewrites in between can no longer make them disagree.
//
//   const Binary binary = Binary::read("build/MyFilter.so");
//   const Facts facts = read_facts(binary);
//   storage.put(key_of(facts.clazz.name, binary.hash()), binary.view());
//
// Lifetime: a copyable handle of an immutable buffer, which lives as long as the last handle.
// Threads:  any.
// Throws:   pet::Error naming the path: kNoBinary (no such file, or it cannot be read), kNotAPlugin (a directory, a device, too
//           large).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/artifact/hash.hpp"

namespace pet {

class Binary {
 public:
  // Larger files are refused: a damaged or hostile directory shall not fill the memory.
  static constexpr std::uint64_t kDefaultMaxSize = std::uint64_t{1} << 30;  // 1 GiB

  // The file at `path`, links followed.
  static Binary read(const std::filesystem::path& path, std::uint64_t max_size = kDefaultMaxSize);

  // The file open at `descriptor`, from its beginning, whatever its offset; `origin` names it in errors. The
  // descriptor stays open. For callers with rules of their own on how a file may be opened.
  static Binary read_descriptor(int descriptor, std::string origin,
                                std::uint64_t max_size = kDefaultMaxSize);

  // The same, but a file of more than `map_beyond` bytes is mapped, not copied, so that it takes no
  // memory of this process's own. REQUIRES of such a file: nobody changes or shortens it as long as
  // it lives.
  static Binary read_or_map_descriptor(int descriptor, std::string origin, std::uint64_t map_beyond,
                                       std::uint64_t max_size = kDefaultMaxSize);

  // That file mapped, whatever its size. REQUIRES: `hash` is its bytes'.
  static Binary map_verified(int descriptor, const Hash& hash, std::string origin);

  // Bytes that came from elsewhere (a storage, a test); `origin` names the place in errors.
  static Binary from_bytes(std::string bytes, std::string origin = {});

  // The same, when they have been hashed while they came. REQUIRES: `hash` is theirs.
  static Binary from_verified(std::unique_ptr<char[]> bytes, std::size_t size, const Hash& hash,
                              std::string origin);

  std::span<const std::byte> bytes() const noexcept;
  std::string_view view() const noexcept;
  std::uint64_t size() const noexcept { return view().size(); }
  const Hash& hash() const noexcept;
  const std::string& origin() const noexcept;  // path or URL; may be empty

 private:
  struct Content;
  static Binary read_buffer(int descriptor, std::size_t size, std::string origin);
  static Binary own(std::shared_ptr<const char> buffer, std::size_t size, const Hash& hash,
                    std::string origin);
  explicit Binary(std::shared_ptr<const Content> content) noexcept : content_(std::move(content)) {}
  std::shared_ptr<const Content> content_;
};

}  // namespace pet
