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
  static_cast<void>(hasher_.finish());  // it starts over
  size_ = 0;
  file_.reset();
  few_.clear();
  if (size && store_ != nullptr && *size > CacheStore::kLarge) return spill();
  if (size) few_.reserve(*size);
}

void IncomingBinary::write(std::string_view piece) {
  hasher_.update(piece);
  size_ += piece.size();
  if (!file_ && store_ != nullptr && size_ > CacheStore::kLarge) spill();
  if (!file_) {
    few_.append(piece);
    return;
  }
  in_store([&] { file_->write(piece); });
}

// From here on a file has the bytes.
void IncomingBinary::spill() {
  in_store([&] {
    file_ = store_->create(expected_);
    file_->write(few_);
  });
  few_ = {};
}

CachedBinary IncomingBinary::publish() {
  return in_store(
      [&] { return file_ ? std::exchange(file_, nullptr)->publish() : store_->insert(whole()); });
}

Binary IncomingBinary::whole() {
  if (!whole_) whole_ = Binary::from_verified(std::move(few_), expected_, origin_);
  return *whole_;
}

}  // namespace pet
