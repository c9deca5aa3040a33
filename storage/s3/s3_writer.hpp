// S3Writer: how an object comes into a bucket, whole or in parts, and exactly once where that was asked for.
// (Inside storage/s3 only.)
//
// put-if-absent is If-None-Match: *, which not every server honours: before the first one a probe finds out,
// and of putting parts together by itself. Each such object has an id of its write as metadata, so that after
// an answer that leaves it open (none at all, 412 after an attempt before, 5xx) a look says whose object is
// there.
//
// Threads: any. Lifetime: the connection outlives it.
// Throws:  as S3Connection, and kStorageUnreachable when others write or remove the object all the time.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base_storage.hpp"
#include "storage/once_flight.hpp"
#include "storage/s3/s3_connection.hpp"
#include "storage/s3/s3_storage.hpp"

namespace pet {

class S3Writer {
 public:
  S3Writer(S3Connection& connection, const S3Uploads& uploads)
      : connection_(connection), uploads_(uploads) {}

  // Creates or replaces the object.
  void put(std::string_view key, std::string_view bytes, WatchedTransfer& transfer);
  // True when the object is there by this call; false when another's is.
  bool put_if_absent(std::string_view key, std::string_view bytes, WatchedTransfer& transfer);

  // Throws where put_if_absent would replace.
  void require_conditional_writes();

  // What the probe for that has left, for one caller to remove beside other work; mostly empty.
  std::string take_leftover();
  void remove_leftover(const std::string& key) noexcept;

 private:
  bool put_whole_if_absent(std::string_view key, std::string_view bytes, WatchedTransfer& transfer);
  bool put_in_parts(std::string_view key, std::string_view bytes, PutMode mode,
                    WatchedTransfer& transfer);
  std::optional<bool> try_in_parts(std::string_view key, std::string_view bytes, PutMode mode,
                                   WatchedTransfer& transfer);
  bool completes_conditionally();
  bool is_large(std::string_view bytes) const { return bytes.size() > uploads_.in_parts_beyond; }

  // Whether the object that stands there was written with this id; nothing when there is none.
  std::optional<bool> is_ours(std::string_view key, const std::string& id);

  S3Connection& connection_;
  const S3Uploads uploads_;
  OnceFlight probing_parts_;
  bool completes_conditionally_ = false;  // after it
  OnceFlight probing_;
  bool honours_conditions_ = false;  // after it
  std::mutex mutex_;
  std::string leftover_;  // guarded by mutex_
};

}  // namespace pet
