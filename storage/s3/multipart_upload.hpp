// MultipartUpload: a large object in parts, several on their way at once, each of them sent again by itself
// when it breaks. (Inside storage/s3 only.)
//
//   MultipartUpload upload(connection, key, bytes, uploads, metadata, transfer);
//   upload.send();
//   if (upload.complete(PutMode::kIfAbsent) == MultipartUpload::Outcome::kWritten) …
//
// Nothing is seen of the object before complete(). One that was not completed is aborted when this object
// dies, so that the bucket keeps no parts, which cost money and are listed nowhere.
//
// Threads: one; send() starts its own. Lifetime: connection, key, bytes and transfer outlive it.
// Throws:  as S3Connection. After a kStorageUnreachable of complete() the object may be there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base_storage.hpp"
#include "storage/s3/s3_connection.hpp"
#include "storage/s3/s3_storage.hpp"

namespace pet {

class MultipartUpload {
 public:
  MultipartUpload(S3Connection& connection, std::string_view key, std::string_view bytes,
                  const S3Uploads& uploads, HttpHeaders metadata, WatchedTransfer& transfer);
  ~MultipartUpload();
  MultipartUpload(const MultipartUpload&) = delete;
  MultipartUpload& operator=(const MultipartUpload&) = delete;

  // Begins the upload and sends all parts.
  void send();

  enum class Outcome {
    kWritten,
    kTaken,  // kIfAbsent: an object is there, which may be this one (of an attempt before)
    kGone,  // of no use any more: it was completed by an attempt before, aborted, or met a conflict
  };
  Outcome complete(PutMode mode);

 private:
  void begin();
  void send_part(std::size_t index);
  S3Call call_about(std::string method) const;

  S3Connection& connection_;
  const std::string_view key_;
  const std::string_view bytes_;
  const std::uint64_t part_size_;
  const std::size_t at_once_;
  const HttpHeaders metadata_;
  WatchedTransfer& transfer_;
  std::string id_;  // the server's; empty: not begun, or done
  std::vector<std::string> etags_;
};

}  // namespace pet
