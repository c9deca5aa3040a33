// S3Storage: a bucket of Amazon S3, or of a server that speaks its protocol (Ceph, MinIO…), as
// storage. The object "plugins/A/latest.json" has that key, below the URL's prefix.
//
//   pet::S3Storage storage(pet::S3Settings::from_url("s3://team/pets?region=eu-west-1"));
//
// Absence: what S3 says itself (NoSuchKey, of a bucket that is there); the page of a proxy is
//          kStorageUnreachable.
// Opening: the constructor asks nothing. Before the first operation that is no list the bucket is listed once: to a
//          user who may not list it, S3 answers 403 for a missing key, which would make absence and
//          refusal the same. So without s3:ListBucket everything is kStorageRefused, and a bucket
//          that does not exist kStorageUnreachable.
// Writing: put_if_absent is `If-None-Match: *`. Not every server that takes the header honours it:
//          before the first one, an object "pet-probe/<random>" is put twice, and removed. Where the
//          second put succeeds, put_if_absent is kStorageUnsupported.
// Large:   objects beyond 64 MiB are put in parts (multipart_upload.hpp); if absent, only where a second
//          probe has shown that the server minds the condition then, else in one request. A process that is
//          killed leaves its parts, and so does one that lost the answer to the request that began them: have a
//          lifecycle rule of the bucket (AbortIncompleteMultipartUpload) remove them.
// Doubts:  a request whose answer was lost is asked again. Whether a 412 means another's object or our
//          own says a random id in the object's metadata (x-amz-meta-pet-write-id).
// Errors:  as BaseStorage says; a message has the storage's URL, the key, what the server said, and
//          the next step. Never a credential.
// Clear:   an endpoint with http:// is taken, since many servers of one's own have no other: requests are signed
//          there, but whoever is in between can read objects and session tokens (unencrypted_server).
// Needs:   s3:ListBucket, s3:GetObject; to write s3:PutObject and s3:DeleteObject.
// Memory:  read() passes bytes on as they arrive; what is put stays where the caller has it.
// Broken:  a transfer goes on where it stopped (http/download.hpp).
// Threads: any; put_many uses up to 120 connections at once.
#pragma once

#include <memory>
#include <string>

#include "storage/base_storage.hpp"
#include "storage/http/http_client.hpp"
#include "storage/http/retry.hpp"
#include "storage/s3/s3_settings.hpp"

namespace pet {

class S3Connection;
class S3Writer;

// How large objects are put.
struct S3Uploads {
  std::uint64_t in_parts_beyond = std::uint64_t{64} << 20;  // smaller ones go in one request
  std::uint64_t part_size = std::uint64_t{16} << 20;  // S3 takes 5 MiB to 5 GiB, the last one less
  std::size_t at_once = 4;
};

class S3Storage : public BaseStorage {
 public:
  explicit S3Storage(S3Settings settings, HttpOptions http = {}, RetryPolicy retry = {},
                     const S3Uploads& uploads = {});
  ~S3Storage() override;

  std::string describe() const override;
  Capabilities capabilities() const override;
  std::optional<std::chrono::seconds> clock_skew() const override;
  std::string unencrypted_server() const override;

 protected:
  bool do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const override;
  std::optional<std::string> do_get_range(std::string_view key, std::uint64_t offset,
                                          std::uint64_t length) const override;
  void do_put(std::string_view key, std::string_view bytes) override;
  bool do_put_if_absent(std::string_view key, std::string_view bytes) override;
  std::vector<PutOutcome> do_put_many(std::span<const PutItem> items) override;
  std::optional<ObjectInfo> do_head(std::string_view key) const override;
  std::vector<std::string> do_list(std::string_view prefix, std::string_view start_after,
                                   std::size_t limit) const override;
  std::vector<ListedObject> do_list_objects(std::string_view prefix, std::string_view start_after,
                                            std::size_t limit) const override;
  bool do_remove(std::string_view key) override;

 private:
  bool put_watched_if_absent(std::string_view key, std::string_view bytes);

  std::unique_ptr<S3Connection> connection_;
  std::unique_ptr<S3Writer> writer_;
};

}  // namespace pet
