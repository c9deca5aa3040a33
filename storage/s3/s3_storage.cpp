#include "storage/s3/s3_storage.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include "storage/ascii.hpp"
#include "storage/http/byte_range.hpp"
#include "storage/http/url.hpp"
#include "storage/in_parallel.hpp"
#include "storage/key.hpp"
#include "storage/s3/s3_connection.hpp"
#include "storage/s3/s3_writer.hpp"

namespace pet {
namespace {

constexpr std::size_t kPage = 1000;     // the most keys that S3 lists at once
constexpr std::size_t kParallel = 120;  // requests at once

}  // namespace

S3Storage::S3Storage(S3Settings settings, HttpOptions http, RetryPolicy retry,
                     const S3Uploads& uploads)
    : connection_(
          std::make_unique<S3Connection>(std::move(settings), std::move(http), std::move(retry))),
      writer_(std::make_unique<S3Writer>(*connection_, uploads)) {}

S3Storage::~S3Storage() = default;

Capabilities S3Storage::capabilities() const {
  return {.list = true,
          .write = true,
          .put_if_absent = true,
          .remote = true,
          .single_writer = connection_->settings().single_writer};
}

std::string S3Storage::describe() const { return connection_->settings().url(); }

std::optional<std::chrono::seconds> S3Storage::clock_skew() const {
  return connection_->clock_skew();
}

std::string S3Storage::unencrypted_server() const {
  const std::string& endpoint = connection_->settings().endpoint;
  const std::optional<Url> url = Url::parse(endpoint);
  return url && url->scheme == "http" && !url->is_loopback() ? endpoint : "";
}

bool S3Storage::do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const {
  S3Call request{.key = key, .max_body = max_size};
  Download download(
      sink, {.accepts = [&](const auto& head) { return S3Connection::is_success(request, head); },
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
  if (response.status == 416) {  // by the server's word alone a whole object could pass for its end
    const std::optional<ObjectInfo> info = do_head(key);
    if (!info || info->size <= offset) return info ? std::optional<std::string>("") : std::nullopt;
  }
  const bool is_part = response.status == 206 && has_byte_range(response, offset, end);
  const bool is_whole = response.status == 200 && S3Connection::is_success(request, response);
  if (!is_part && !is_whole) connection_->refuse(request, response);
  return std::move(response.body);
}

void S3Storage::do_put(std::string_view key, std::string_view bytes) {
  WatchedTransfer transfer(transfer_watch(), describe(), key, bytes.size());
  writer_->put(key, bytes, transfer);
}

bool S3Storage::put_watched_if_absent(std::string_view key, std::string_view bytes) {
  WatchedTransfer transfer(transfer_watch(), describe(), key, bytes.size());
  return writer_->put_if_absent(key, bytes, transfer);
}

bool S3Storage::do_put_if_absent(std::string_view key, std::string_view bytes) {
  writer_->require_conditional_writes();
  const bool is_first = put_watched_if_absent(key, bytes);
  writer_->remove_leftover(writer_->take_leftover());
  return is_first;
}

std::vector<PutOutcome> S3Storage::do_put_many(std::span<const PutItem> items) {
  std::vector<PutOutcome> outcomes(items.size(), PutOutcome::kWritten);
  if (std::ranges::any_of(items, [](const auto& i) { return i.mode == PutMode::kIfAbsent; })) {
    writer_->require_conditional_writes();
  }
  const std::string leftover = writer_->take_leftover();
  const auto put_one = [&](std::size_t i) {
    if (i == items.size()) {
      writer_->remove_leftover(leftover);
    } else if (items[i].mode == PutMode::kReplace) {
      do_put(items[i].key, items[i].bytes);
    } else if (!put_watched_if_absent(items[i].key, items[i].bytes)) {
      outcomes[i] = PutOutcome::kAlreadyThere;
    }
  };
  std::atomic<bool> is_unreachable{false};  // then nothing more is begun
  in_parallel(items.size() + (leftover.empty() ? 0 : 1), kParallel, [&](std::size_t i) {
    if (is_unreachable) return;
    try {
      put_one(i);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kStorageUnreachable) is_unreachable = true;
      throw;
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
  S3ListPage page{.last = start_after.empty() ? "" : root + std::string(start_after)};
  do {
    page = connection_->list_page(root + std::string(prefix), page,
                                  std::min(limit - objects.size(), kPage));
    for (const auto& [key, size] : page.objects) {
      if (objects.size() == limit) break;  // a server may send more
      // Others may keep objects there whose names are no keys.
      if (key.starts_with(root) && is_key(std::string_view(key).substr(root.size()))) {
        objects.push_back({key.substr(root.size()), size});
      }
    }
  } while (!page.next.empty() && objects.size() < limit);
  return objects;
}

bool S3Storage::do_remove(std::string_view key) {
  if (!do_head(key)) return false;
  const S3Call request{.method = "DELETE", .key = key};
  const HttpResponse response = connection_->ask(request);
  if (!S3Connection::is_success(request, response) && !connection_->is_absent(request, response)) {
    connection_->refuse(request, response);
  }
  return true;
}

}  // namespace pet
