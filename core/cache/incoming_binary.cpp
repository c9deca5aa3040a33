#include "core/cache/incoming_binary.hpp"

#include <algorithm>
#include <utility>

namespace pet {

IncomingBinary::IncomingBinary(CacheStore* store, const Hash& expected, std::string origin)
    : store_(store), expected_(expected), origin_(std::move(origin)) {}

template <class Call>
auto IncomingBinary::in_store(const Call& call) {
  try {
    return call();
  } catch (...) {
    has_store_failed_ = true;
    throw;
  }
}

void IncomingBinary::begin(std::optional<std::uint64_t> size) {
  if (size_ != 0) static_cast<void>(hasher_.finish());  // it starts over
  size_ = 0;
  file_.reset();
  if (size && store_ != nullptr && *size > CacheStore::kLarge) return spill(0);
  if (size) reserve(*size, 0);
}

void IncomingBinary::write(std::string_view piece) {
  hasher_.update(piece);
  const std::size_t before = size_;
  size_ += piece.size();
  if (!file_ && store_ != nullptr && size_ > CacheStore::kLarge) spill(before);
  if (!file_) return keep(piece, before);
  in_store([&] { file_->write(piece); });
  few_ = nullptr;  // not before: the piece may lie there
  capacity_ = 0;
}

std::span<char> IncomingBinary::room(std::size_t most) noexcept {
  if (file_) return {};
  return {few_.get() + size_, std::min(most, capacity_ - size_)};
}

// Keeps the first `used` bytes.
void IncomingBinary::reserve(std::size_t capacity, std::size_t used) {
  if (capacity <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  std::copy_n(few_.get(), used, larger.get());
  few_ = std::move(larger);
  capacity_ = capacity;
}

// Behind the first `before` bytes. A piece that was put into room() is there.
void IncomingBinary::keep(std::string_view piece, std::size_t before) {
  if (size_ <= capacity_ && piece.data() == few_.get() + before) return;
  if (size_ > capacity_) reserve(std::max(size_, 2 * capacity_), before);
  piece.copy(few_.get() + before, piece.size());
}

// From here on a file has the bytes, the first `size` of which are in memory.
void IncomingBinary::spill(std::size_t size) {
  in_store([&] {
    file_ = store_->create(expected_);
    file_->write({few_.get(), size});
  });
}

CachedBinary IncomingBinary::publish() {
  return in_store(
      [&] { return file_ ? std::exchange(file_, nullptr)->publish() : store_->insert(whole()); });
}

Binary IncomingBinary::whole() {
  if (!whole_) {
    whole_ = Binary::from_verified(std::move(few_), size_, expected_, origin_);
    capacity_ = 0;
  }
  return *whole_;
}

}  // namespace pet
