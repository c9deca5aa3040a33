#include "storage/s3/s3_writer.hpp"

#include <utility>

#include "storage/key.hpp"
#include "storage/random_hex.hpp"
#include "storage/s3/multipart_upload.hpp"

namespace pet {
namespace {

constexpr int kConflictAttempts = 10;  // of conditional writes that met others
constexpr char kWriteId[] = "x-amz-meta-pet-write-id";
constexpr std::string_view kProbe = "pet-probe/";

}  // namespace

std::optional<bool> S3Writer::is_ours(std::string_view key, const std::string& id) {
  const std::optional<HttpResponse> there = connection_.find({.method = "HEAD", .key = key});
  return there ? std::optional(there->header(kWriteId) == id) : std::nullopt;
}

void S3Writer::put(std::string_view key, std::string_view bytes, WatchedTransfer& transfer) {
  if (is_large(bytes)) {
    put_in_parts(key, bytes, PutMode::kReplace, transfer);
    return;
  }
  const S3Call request{
      .method = "PUT", .key = key, .body = bytes, .on_sent = [&](std::uint64_t sent) {
        transfer.moved(0, sent);
      }};
  const HttpResponse response = connection_.ask(request);
  if (!S3Connection::is_success(request, response)) connection_.refuse(request, response);
}

bool S3Writer::put_if_absent(std::string_view key, std::string_view bytes,
                             WatchedTransfer& transfer) {
  return is_large(bytes) && completes_conditionally()
             ? put_in_parts(key, bytes, PutMode::kIfAbsent, transfer)
             : put_whole_if_absent(key, bytes, transfer);
}

// True when the object is there by this call; false when another's is.
bool S3Writer::put_in_parts(std::string_view key, std::string_view bytes, PutMode mode,
                            WatchedTransfer& transfer) {
  connection_.open();
  for (int attempt = 1; attempt <= connection_.retry().attempts; ++attempt) {
    if (attempt > 1) wait_before_retry(connection_.retry(), attempt - 1);
    if (mode == PutMode::kIfAbsent && connection_.find({.method = "HEAD", .key = key}))
      return false;
    if (const std::optional<bool> done = try_in_parts(key, bytes, mode, transfer)) return *done;
  }
  throw Error(ErrorCode::kStorageUnreachable,
              connection_.settings().url() + ": PUT " + pet::quoted(key) +
                  ": its parts, or the object, were removed meanwhile\n  try: again",
              {.class_name = {}, .hash = {}, .key = std::string(key)});
}

// The same of one upload; nothing when its parts, or the object, were removed meanwhile.
std::optional<bool> S3Writer::try_in_parts(std::string_view key, std::string_view bytes,
                                           PutMode mode, WatchedTransfer& transfer) {
  using Outcome = MultipartUpload::Outcome;
  const std::string id = random_hex(32);
  transfer.begin(bytes.size());
  MultipartUpload upload(connection_, key, bytes, uploads_, {{kWriteId, id}}, transfer);
  upload.send();
  try {
    if (upload.complete(mode) == Outcome::kWritten) return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kStorageUnreachable || is_ours(key, id) != true) throw;
    return true;
  }
  const std::optional<bool> ours = is_ours(key, id);
  if (ours == true) return true;
  return ours && mode == PutMode::kIfAbsent ? ours : std::nullopt;
}

// Whether the server honours If-None-Match also where parts are put together. Ceph 16 does not: there
// a large object goes in one request, which S3 takes up to 5 GiB.
bool S3Writer::completes_conditionally() {
  probing_parts_.run([&] {
    const std::string key = std::string(kProbe) + random_hex(32);
    WatchedTransfer unseen({}, {}, {}, {});
    put(key, "1", unseen);
    try {
      MultipartUpload upload(connection_, key, "2", uploads_, {}, unseen);
      upload.send();
      completes_conditionally_ =
          upload.complete(PutMode::kIfAbsent) == MultipartUpload::Outcome::kTaken;
    } catch (const Error& error) {
      // A server without multipart uploads has none that are conditional.
      if (error.code() == ErrorCode::kStorageUnreachable) {
        remove_leftover(key);
        throw;
      }
    }
    remove_leftover(key);
  });
  return completes_conditionally_;
}

bool S3Writer::put_whole_if_absent(std::string_view key, std::string_view bytes,
                                   WatchedTransfer& transfer) {
  const std::string id = random_hex(32);
  const S3Call request{.method = "PUT",
                       .key = key,
                       .headers = {{"If-None-Match", "*"}, {kWriteId, id}},
                       .body = bytes,
                       .on_sent = [&](std::uint64_t sent) { transfer.moved(0, sent); }};
  for (int attempt = 1;; ++attempt) {
    HttpResponse answer;
    try {
      answer = connection_.ask(request);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kStorageUnreachable) throw;
      if (is_ours(key, id) != true) throw;  // (which throws too, when nothing answers)
      return true;
    }
    const long status = answer.status;
    if (S3Connection::is_success(request, answer)) return true;
    if (status == 412) {
      // Of an attempt before, perhaps one of libcurl's own (http_client.hpp).
      const std::optional<bool> ours = is_ours(key, id);
      if (ours) return *ours;
    } else if (status >= 500 || status < 300) {
      if (is_ours(key, id) == true) return true;
      connection_.refuse(request, answer);
    } else if (status != 409 && status != 404) {
      connection_.refuse(request, answer);
    }
    // Somebody wrote or removed it at that moment.
    if (attempt == kConflictAttempts) {
      throw Error(ErrorCode::kStorageUnreachable,
                  connection_.settings().url() + ": PUT " + pet::quoted(key) +
                      ": others write there all the time (" + std::to_string(status) +
                      ")\n  try: again later",
                  {.class_name = {}, .hash = {}, .key = std::string(key)});
    }
    wait_before_retry(connection_.retry(), attempt);
  }
}

void S3Writer::require_conditional_writes() {
  probing_.run([&] {
    const std::string key = std::string(kProbe) + random_hex(32);
    WatchedTransfer unseen({}, {}, {}, {});
    const bool is_first = put_whole_if_absent(key, "1", unseen);
    // Nobody else knows that name: a refusal of the second can only mean the first.
    const S3Call again{
        .method = "PUT", .key = key, .headers = {{"If-None-Match", "*"}}, .body = "2"};
    const HttpResponse answer = connection_.ask(again);
    const bool is_refused = answer.status == 412 || answer.status == 409;
    honours_conditions_ = is_first && is_refused;
    if (!honours_conditions_) remove_leftover(key);
    if (!is_refused && !S3Connection::is_success(again, answer)) connection_.refuse(again, answer);
    const std::lock_guard lock(mutex_);
    if (honours_conditions_) leftover_ = key;
  });
  if (honours_conditions_) return;
  throw Error(
      ErrorCode::kStorageUnsupported,
      connection_.settings().url() +
          ": the server replaces an object that it was asked to put only if absent, so two "
          "writers could both think that they moved latest\n  try: a server that honours "
          "If-None-Match; or, where nobody else ever writes, mode=single-writer in the storage's "
          "URL: s3://BUCKET/PREFIX?mode=single-writer");
}

std::string S3Writer::take_leftover() {
  const std::lock_guard lock(mutex_);
  return std::exchange(leftover_, {});
}

void S3Writer::remove_leftover(const std::string& key) noexcept {
  try {
    if (!key.empty()) connection_.ask({.method = "DELETE", .key = key});
  } catch (...) {
    // Left behind it does no harm.
  }
}

}  // namespace pet
