#include "storage/s3/s3_storage.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include "storage/ascii.hpp"
#include "storage/key.hpp"
#include "storage/random_hex.hpp"
#include "storage/s3/in_parallel.hpp"
#include "storage/s3/multipart_upload.hpp"
#include "storage/s3/s3_connection.hpp"

namespace pet {
namespace {

constexpr std::size_t kPage = 1000;     // the most keys that S3 lists at once
constexpr std::size_t kParallel = 120;  // requests at once
constexpr int kConflictAttempts = 10;   // of conditional writes that met others
constexpr char kWriteId[] = "x-amz-meta-pet-write-id";
constexpr std::string_view kProbe = "pet-probe/";

// Whether the part that came is the one that was asked for.
bool starts_at(const HttpResponse& response, std::uint64_t offset) {
  return response.header("content-range").starts_with("bytes " + std::to_string(offset) + "-");
}

}  // namespace

// The connection, and what was found out about the server.
class S3Storage::Connection : public S3Connection {
 public:
  Connection(S3Settings settings, HttpOptions http, RetryPolicy retry, const S3Uploads& uploads)
      : S3Connection(std::move(settings), std::move(http), std::move(retry)), uploads_(uploads) {}

  // The answer of a bucket that is known to be there.
  HttpResponse ask(const S3Call& request) {
    open();
    return call(request);
  }

  // Nothing for a key that is absent. Throws for every other answer that is no success.
  std::optional<HttpResponse> find(const S3Call& request) {
    HttpResponse response = ask(request);
    if (is_success(request, response)) return response;
    if (is_absent(request, response)) return std::nullopt;
    refuse(request, response);
  }

  void put(std::string_view key, std::string_view bytes, WatchedTransfer& transfer);
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

  const S3Uploads uploads_;
  OnceFlight probing_parts_;
  bool completes_conditionally_ = false;  // after it
  OnceFlight probing_;
  bool honours_conditions_ = false;  // after it
  std::mutex mutex_;
  std::string leftover_;  // guarded by mutex_
};

std::optional<bool> S3Storage::Connection::is_ours(std::string_view key, const std::string& id) {
  const std::optional<HttpResponse> there = find({.method = "HEAD", .key = key});
  return there ? std::optional(there->header(kWriteId) == id) : std::nullopt;
}

void S3Storage::Connection::put(std::string_view key, std::string_view bytes,
                                WatchedTransfer& transfer) {
  if (is_large(bytes)) {
    put_in_parts(key, bytes, PutMode::kReplace, transfer);
    return;
  }
  const S3Call request{
      .method = "PUT", .key = key, .body = bytes, .on_sent = [&](std::uint64_t sent) {
        transfer.moved(0, sent);
      }};
  const HttpResponse response = ask(request);
  if (!is_success(request, response)) refuse(request, response);
}

bool S3Storage::Connection::put_if_absent(std::string_view key, std::string_view bytes,
                                          WatchedTransfer& transfer) {
  return is_large(bytes) && completes_conditionally()
             ? put_in_parts(key, bytes, PutMode::kIfAbsent, transfer)
             : put_whole_if_absent(key, bytes, transfer);
}

// True when the object is there by this call; false when another's is.
bool S3Storage::Connection::put_in_parts(std::string_view key, std::string_view bytes, PutMode mode,
                                         WatchedTransfer& transfer) {
  open();
  for (int attempt = 1; attempt <= retry().attempts; ++attempt) {
    if (attempt > 1) wait_before_retry(retry(), attempt - 1);
    if (mode == PutMode::kIfAbsent && find({.method = "HEAD", .key = key})) return false;
    if (const std::optional<bool> done = try_in_parts(key, bytes, mode, transfer)) return *done;
  }
  throw Error(ErrorCode::kStorageUnreachable,
              settings().url() + ": PUT " + pet::quoted(key) +
                  ": its parts, or the object, were removed meanwhile\n  try: again",
              {.class_name = {}, .hash = {}, .key = std::string(key)});
}

// The same of one upload; nothing when its parts, or the object, were removed meanwhile.
std::optional<bool> S3Storage::Connection::try_in_parts(std::string_view key,
                                                        std::string_view bytes, PutMode mode,
                                                        WatchedTransfer& transfer) {
  using Outcome = MultipartUpload::Outcome;
  const std::string id = random_hex(32);
  transfer.begin(bytes.size());
  MultipartUpload upload(*this, key, bytes, uploads_, {{kWriteId, id}}, transfer);
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
bool S3Storage::Connection::completes_conditionally() {
  probing_parts_.run([&] {
    const std::string key = std::string(kProbe) + random_hex(32);
    WatchedTransfer unseen({}, {}, {}, {});
    put(key, "1", unseen);
    try {
      MultipartUpload upload(*this, key, "2", uploads_, {}, unseen);
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

bool S3Storage::Connection::put_whole_if_absent(std::string_view key, std::string_view bytes,
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
      answer = ask(request);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kStorageUnreachable) throw;
      if (is_ours(key, id) != true) throw;  // (which throws too, when nothing answers)
      return true;
    }
    const long status = answer.status;
    if (is_success(request, answer)) return true;
    if (status == 412) {
      // Of an attempt before, perhaps one of libcurl's own (http_client.hpp).
      const std::optional<bool> ours = is_ours(key, id);
      if (ours) return *ours;
    } else if (status >= 500 || status < 300) {
      if (is_ours(key, id) == true) return true;
      refuse(request, answer);
    } else if (status != 409 && status != 404) {
      refuse(request, answer);
    }
    // Somebody wrote or removed it at that moment.
    if (attempt == kConflictAttempts) {
      throw Error(ErrorCode::kStorageUnreachable,
                  settings().url() + ": PUT " + pet::quoted(key) +
                      ": others write there all the time (" + std::to_string(status) +
                      ")\n  try: again later",
                  {.class_name = {}, .hash = {}, .key = std::string(key)});
    }
    wait_before_retry(retry(), attempt);
  }
}

void S3Storage::Connection::require_conditional_writes() {
  probing_.run([&] {
    const std::string key = std::string(kProbe) + random_hex(32);
    WatchedTransfer unseen({}, {}, {}, {});
    const bool is_first = put_whole_if_absent(key, "1", unseen);
    // Nobody else knows that name: a refusal of the second can only mean the first.
    const S3Call again{
        .method = "PUT", .key = key, .headers = {{"If-None-Match", "*"}}, .body = "2"};
    const HttpResponse answer = ask(again);
    const bool is_refused = answer.status == 412 || answer.status == 409;
    honours_conditions_ = is_first && is_refused;
    if (!honours_conditions_) remove_leftover(key);
    if (!is_refused && !is_success(again, answer)) refuse(again, answer);
    const std::lock_guard lock(mutex_);
    if (honours_conditions_) leftover_ = key;
  });
  if (honours_conditions_) return;
  throw Error(ErrorCode::kStorageUnsupported,
              settings().url() +
                  ": the server replaces an object that it was asked to put only if absent, so two "
                  "writers could both think that they moved latest\n  try: a server that honours "
                  "If-None-Match, or single-writer mode");
}

std::string S3Storage::Connection::take_leftover() {
  const std::lock_guard lock(mutex_);
  return std::exchange(leftover_, {});
}

void S3Storage::Connection::remove_leftover(const std::string& key) noexcept {
  try {
    if (!key.empty()) ask({.method = "DELETE", .key = key});
  } catch (...) {
    // Left behind it does no harm.
  }
}

S3Storage::S3Storage(S3Settings settings, HttpOptions http, RetryPolicy retry,
                     const S3Uploads& uploads)
    : connection_(std::make_unique<Connection>(std::move(settings), std::move(http),
                                               std::move(retry), uploads)) {}

S3Storage::~S3Storage() = default;

std::string S3Storage::describe() const { return connection_->settings().url(); }

std::optional<std::chrono::seconds> S3Storage::clock_skew() const {
  return connection_->clock_skew();
}

bool S3Storage::do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const {
  S3Call request{.key = key, .max_body = max_size};
  Download download(
      sink, {.accepts = [&](const auto& head) { return Connection::is_success(request, head); },
             .check_size = [&](auto size, SizeIs known) { check_size(key, size, max_size, known); },
             .condition = "If-Match"});
  request.download = &download;
  const std::optional<HttpResponse> found = connection_->find(request);
  if (found && !download.is_complete()) connection_->refuse(request, *found);
  return found.has_value();
}

std::optional<std::string> S3Storage::do_get_range(std::string_view key, std::uint64_t offset,
                                                   std::uint64_t length) const {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  if (length == 0) return do_head(key) ? std::optional<std::string>("") : std::nullopt;
  const std::uint64_t end = offset > kMost - length ? kMost : offset + length;
  const S3Call request{.key = key,
                       .headers = {{"Range", byte_range(offset, end)}},
                       .max_body = length,
                       .stop_at_max = true,
                       .skip = offset};  // where the server sends the whole object
  HttpResponse response = connection_->ask(request);
  if (connection_->is_absent(request, response)) return std::nullopt;
  if (response.status == 416) return "";
  const bool is_part = response.status == 206 && starts_at(response, offset);
  const bool is_whole = response.status == 200 && connection_->is_success(request, response);
  if (!is_part && !is_whole) connection_->refuse(request, response);
  return std::move(response.body);
}

void S3Storage::do_put(std::string_view key, std::string_view bytes) {
  WatchedTransfer transfer(transfer_watch(), describe(), key, bytes.size());
  connection_->put(key, bytes, transfer);
}

bool S3Storage::put_watched_if_absent(std::string_view key, std::string_view bytes) {
  WatchedTransfer transfer(transfer_watch(), describe(), key, bytes.size());
  return connection_->put_if_absent(key, bytes, transfer);
}

bool S3Storage::do_put_if_absent(std::string_view key, std::string_view bytes) {
  connection_->require_conditional_writes();
  const bool is_first = put_watched_if_absent(key, bytes);
  connection_->remove_leftover(connection_->take_leftover());
  return is_first;
}

std::vector<PutOutcome> S3Storage::do_put_many(std::span<const PutItem> items) {
  std::vector<PutOutcome> outcomes(items.size(), PutOutcome::kWritten);
  if (std::ranges::any_of(items, [](const auto& i) { return i.mode == PutMode::kIfAbsent; })) {
    connection_->require_conditional_writes();
  }
  const std::string leftover = connection_->take_leftover();
  in_parallel(items.size() + (leftover.empty() ? 0 : 1), kParallel, [&](std::size_t i) {
    if (i == items.size()) {
      connection_->remove_leftover(leftover);
    } else if (items[i].mode == PutMode::kReplace) {
      do_put(items[i].key, items[i].bytes);
    } else if (!put_watched_if_absent(items[i].key, items[i].bytes)) {
      outcomes[i] = PutOutcome::kAlreadyThere;
    }
  });
  return outcomes;
}

std::optional<ObjectInfo> S3Storage::do_head(std::string_view key) const {
  const S3Call request{.method = "HEAD", .key = key};
  const std::optional<HttpResponse> found = connection_->find(request);
  if (!found) return std::nullopt;
  if (const std::optional<std::uint64_t> size = number_in(found->header("content-length")))
    return ObjectInfo{*size};
  throw Error(ErrorCode::kStorageUnreachable,
              describe() + ": HEAD " + pet::quoted(key) +
                  ": the server does not say the object's size"
                  "\n  try: is " +
                  connection_->settings().endpoint + " the S3 server itself?",
              {.class_name = {}, .hash = {}, .key = std::string(key)});
}

std::vector<std::string> S3Storage::do_list(std::string_view prefix, std::string_view start_after,
                                            std::size_t limit) const {
  std::vector<std::string> keys;
  for (ListedObject& object : do_list_objects(prefix, start_after, limit)) {
    keys.push_back(std::move(object.key));
  }
  return keys;
}

std::vector<ListedObject> S3Storage::do_list_objects(std::string_view prefix,
                                                     std::string_view start_after,
                                                     std::size_t limit) const {
  const std::string& root = connection_->settings().prefix;
  std::vector<ListedObject> objects;
  std::string token;
  while (objects.size() < limit) {
    S3ListPage page = connection_->list_page(
        root + std::string(prefix), start_after.empty() ? "" : root + std::string(start_after),
        token, std::min(limit - objects.size(), kPage));
    for (const auto& [key, size] : page.objects) {
      // Others may keep objects there whose names are no keys.
      if (key.starts_with(root) && is_key(std::string_view(key).substr(root.size()))) {
        objects.push_back({key.substr(root.size()), size});
      }
    }
    token = std::move(page.next);
    if (token.empty()) break;
  }
  return objects;
}

bool S3Storage::do_remove(std::string_view key) {
  if (!do_head(key)) return false;
  const S3Call request{.method = "DELETE", .key = key};
  const HttpResponse response = connection_->ask(request);
  if (!connection_->is_success(request, response) && !connection_->is_absent(request, response)) {
    connection_->refuse(request, response);
  }
  return true;
}

}  // namespace pet
