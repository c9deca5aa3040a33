#include "core/artifact/binary.hpp"

#include <utility>

namespace pet {

// Either a text that was moved in, or a buffer that was read into (which spares the zero-fill of a
// string), or a mapping.
struct Binary::Content {
  std::string text;
  std::shared_ptr<const char> buffer;
  std::string_view view;
  Hash hash;
  std::string origin;

  Content(std::string bytes, std::string where)
      : text(std::move(bytes)), view(text), hash(Hash::of(view)), origin(std::move(where)) {}
  Content(std::shared_ptr<const char> bytes, std::size_t size, const Hash& digest,
          std::string where)
      : buffer(std::move(bytes)),
        view(buffer.get(), size),
        hash(digest),
        origin(std::move(where)) {}
  Content(const Content&) = delete;  // view points into this object
  Content& operator=(const Content&) = delete;
};

Binary Binary::from_bytes(std::string bytes, std::string origin) {
  return Binary(std::make_shared<const Content>(std::move(bytes), std::move(origin)));
}

Binary Binary::from_verified(std::unique_ptr<char[]> bytes, std::size_t size, const Hash& hash,
                             std::string origin) {
  return own({bytes.release(), std::default_delete<char[]>()}, size, hash, std::move(origin));
}

Binary Binary::own(std::shared_ptr<const char> buffer, std::size_t size, const Hash& hash,
                   std::string origin) {
  return Binary(std::make_shared<const Content>(std::move(buffer), size, hash, std::move(origin)));
}

std::span<const std::byte> Binary::bytes() const noexcept {
  return std::as_bytes(std::span(view().data(), view().size()));
}

std::string_view Binary::view() const noexcept { return content_->view; }
const Hash& Binary::hash() const noexcept { return content_->hash; }
const std::string& Binary::origin() const noexcept { return content_->origin; }

}  // namespace pet
