#include "storage/s3/multipart_upload.hpp"

#include <algorithm>
#include <atomic>
#include <pugixml.hpp>
#include <sstream>
#include <utility>

#include "storage/in_parallel.hpp"
#include "storage/s3/s3_refusal.hpp"

namespace pet {
namespace {

constexpr std::uint64_t kMostParts = 10'000;  // S3's limit
constexpr std::uint64_t kMaxAnswer = std::uint64_t{1} << 20;

std::string completion_of(const std::vector<std::string>& etags) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("CompleteMultipartUpload");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    pugi::xml_node part = root.append_child("Part");
    part.append_child("PartNumber").text() = static_cast<unsigned>(i + 1);
    part.append_child("ETag").text() = etags[i].c_str();
  }
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

bool has_root(const HttpResponse& response, const char* name) {
  pugi::xml_document document;
  return document.load_buffer(response.body.data(), response.body.size()) && document.child(name);
}

}  // namespace

MultipartUpload::MultipartUpload(S3Connection& connection, std::string_view key,
                                 std::string_view bytes, const S3Uploads& uploads,
                                 HttpHeaders metadata, WatchedTransfer& transfer)
    : connection_(connection),
      key_(key),
      bytes_(bytes),
      part_size_(std::max(uploads.part_size, bytes.size() / kMostParts + 1)),
      at_once_(uploads.at_once),
      metadata_(std::move(metadata)),
      transfer_(transfer) {}

MultipartUpload::~MultipartUpload() {
  if (id_.empty()) return;
  try {
    connection_.call(call_about("DELETE"));
  } catch (...) {
    // Whoever has to look at the bucket's uploads finds it there.
  }
}

S3Call MultipartUpload::call_about(std::string method) const {
  return {.method = std::move(method),
          .key = key_,
          .query = {{"uploadId", id_}},
          .max_body = kMaxAnswer};
}

void MultipartUpload::begin() {
  const S3Call request{.method = "POST",
                       .key = key_,
                       .query = {{"uploads", ""}},
                       .headers = metadata_,
                       .max_body = kMaxAnswer};
  const HttpResponse answer = connection_.call(request);
  pugi::xml_document document;
  if (answer.status == 200 && document.load_buffer(answer.body.data(), answer.body.size())) {
    id_ = document.child("InitiateMultipartUploadResult").child_value("UploadId");
  }
  if (id_.empty()) connection_.refuse(request, answer);
}

void MultipartUpload::send() {
  begin();
  const std::size_t count = static_cast<std::size_t>((bytes_.size() + part_size_ - 1) / part_size_);
  etags_.resize(std::max<std::size_t>(count, 1));
  std::atomic<bool> has_failed{false};  // then the others would go for nothing
  in_parallel(etags_.size(), at_once_, [&](std::size_t i) {
    if (has_failed) return;
    try {
      send_part(i);
    } catch (...) {
      has_failed = true;
      throw;
    }
  });
}

void MultipartUpload::send_part(std::size_t index) {
  S3Call request = call_about("PUT");
  request.query.emplace_back("partNumber", std::to_string(index + 1));
  request.body = bytes_.substr(static_cast<std::size_t>(index * part_size_),
                               static_cast<std::size_t>(part_size_));
  request.on_sent = [&](std::uint64_t sent) { transfer_.moved(index, sent); };
  const HttpResponse answer = connection_.call(request);
  if (!S3Connection::is_success(request, answer)) connection_.refuse(request, answer);
  etags_[index] = answer.header("etag");
}

MultipartUpload::Outcome MultipartUpload::complete(PutMode mode) {
  const std::string body = completion_of(etags_);
  S3Call request = call_about("POST");
  request.body = body;
  if (mode == PutMode::kIfAbsent) request.headers = {{"If-None-Match", "*"}};
  const HttpResponse answer = connection_.call(request);
  if (answer.status == 200 && has_root(answer, "CompleteMultipartUploadResult")) {
    id_.clear();
    return Outcome::kWritten;
  }
  if (answer.status == 412) return Outcome::kTaken;
  if (answer.status == 404 && complaint_of(answer).code == "NoSuchUpload") return Outcome::kGone;
  if (answer.status == 409) return Outcome::kGone;  // S3 wants an upload of its own after that
  connection_.refuse(request, answer);
}

}  // namespace pet
