#include "storage/s3/s3_connection.hpp"

#include <chrono>
#include <cstdlib>
#include <pugixml.hpp>

#include "storage/ascii.hpp"
#include "storage/key.hpp"
#include "storage/percent.hpp"

namespace pet {
namespace {

constexpr std::uint64_t kMaxDocument = std::uint64_t{16} << 20;

// What S3 says of an error, in its XML or, where there is no body, by the status alone.
struct S3Complaint {
  std::string code;
  std::string message;
};

S3Complaint complaint_of(const HttpResponse& response) {
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size())) return {};
  const pugi::xml_node error = document.child("Error");
  return {error.child_value("Code"), error.child_value("Message")};
}

HttpOptions with_ca_of_aws(HttpOptions options) {
  const char* const bundle = std::getenv("AWS_CA_BUNDLE");
  if (options.ca_file.empty() && bundle != nullptr) options.ca_file = bundle;
  return options;
}

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 300)) out += c >= 0x20 && c < 0x7F ? c : '?';
  return out;
}

}  // namespace

S3Connection::S3Connection(S3Settings settings, HttpOptions http, RetryPolicy retry)
    : settings_(std::move(settings)),
      http_(with_ca_of_aws(std::move(http))),
      retry_(std::move(retry)),
      credentials_(find_credentials(settings_)) {
  const std::size_t slashes = settings_.endpoint.find("//") + 2;
  scheme_ = settings_.endpoint.substr(0, slashes);
  host_ = settings_.endpoint.substr(slashes);
  // libcurl names no port that is the scheme's own, and what is named is signed.
  const std::string own_port = scheme_ == "https://" ? ":443" : ":80";
  if (host_.ends_with(own_port)) host_.resize(host_.size() - own_port.size());
  base_path_ = "/";
  if (settings_.in_path) {
    base_path_ += settings_.bucket + "/";
  } else {
    host_ = settings_.bucket + "." + host_;
  }
}

HttpResponse S3Connection::attempt(const S3Call& call) {
  S3Request request{.method = call.method,
                    .host = host_,
                    .path = base_path_,
                    .query = call.query,
                    .headers = call.headers,
                    .body = call.body};
  if (call.key.empty()) {
    if (settings_.in_path) request.path.pop_back();  // "/bucket"
  } else {
    request.path += settings_.prefix;
    request.path += call.key;
  }
  return http_.send(
      {.method = call.method,
       .url = scheme_ + host_ + encoded_target(request),
       .headers = sign(request, credentials_, settings_.region, std::chrono::system_clock::now()),
       .body = call.body,
       .max_body = call.max_body,
       .stop_at_max = call.stop_at_max});
}

HttpResponse S3Connection::call(const S3Call& call) {
  try {
    return with_retries(retry_, [&] { return attempt(call); });
  } catch (const HttpFailure& failure) {
    fail(call, failure);
  }
}

Error S3Connection::about(ErrorCode code, const S3Call& call, const std::string& what) const {
  std::string text = settings_.url() + ": ";
  if (!call.key.empty()) text += call.method + " " + pet::quoted(call.key) + ": ";
  return {code, text + what, {.class_name = {}, .hash = {}, .key = std::string(call.key)}};
}

void S3Connection::fail(const S3Call& call, const HttpFailure& failure) const {
  const std::string why = shown(failure.what());
  switch (failure.kind()) {
    case HttpFailure::Kind::kUntrusted:
      throw about(ErrorCode::kStorageRefused, call,
                  "the server's certificate is not trusted: " + why +
                      "\n  try: the right host name; AWS_CA_BUNDLE=FILE.pem for a CA of your own");
    case HttpFailure::Kind::kTooLarge:
      throw about(ErrorCode::kCorrupt, call, why);
    default:
      throw about(ErrorCode::kStorageUnreachable, call,
                  "no answer: " + why + "\n  try: the endpoint " + settings_.endpoint +
                      " in a browser or with curl; again later");
  }
}

void S3Connection::refuse(const S3Call& call, const HttpResponse& response) {
  const S3Complaint complaint = complaint_of(response);
  const std::string said = std::to_string(response.status) +
                           (complaint.code.empty() ? "" : " " + shown(complaint.code)) +
                           (complaint.message.empty() ? "" : ": " + shown(complaint.message));
  const std::string_view region = response.header("x-amz-bucket-region");
  if (!region.empty() && region != settings_.region) {
    throw about(ErrorCode::kStorageRefused, call,
                "the bucket is in the region " + shown(region) + ", asked was " + settings_.region +
                    "\n  try: ?region=" + shown(region) + " in the URL, or AWS_REGION");
  }
  if (complaint.code == "NoSuchBucket") {
    throw about(
        ErrorCode::kStorageUnreachable, call,
        "there is no bucket " + pet::quoted(settings_.bucket) + " (" + said +
            ")\n  try: the right name, endpoint and region; an administrator makes buckets");
  }
  if (complaint.code == "RequestTimeTooSkewed") {
    throw about(ErrorCode::kStorageRefused, call,
                "this machine's clock is wrong: the server says it is " +
                    shown(response.header("date")) + "\n  try: set the clock (timedatectl)");
  }
  if (complaint.code == "ExpiredToken" || complaint.code == "TokenRefreshRequired") {
    throw about(ErrorCode::kStorageRefused, call,
                said + ": the session token has expired\n  try: new temporary credentials");
  }
  if (response.status == 401 || response.status == 403) {
    const bool is_bucket = call.key.empty();
    const std::string who =
        credentials_.access_key.empty()
            ? "no credentials were found\n  try: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
              "the "
              "profile " +
                  pet::quoted(settings_.profile) + " in ~/.aws/credentials"
        : complaint.code == "SignatureDoesNotMatch" || complaint.code == "InvalidAccessKeyId"
            ? "the credentials are wrong\n  try: the right key and secret, and the region (" +
                  settings_.region + ")"
        : is_bucket ? "needs s3:ListBucket, without which a missing object cannot be told from a "
                      "forbidden one\n  try: have the right added to the credentials' policy"
                    : "the credentials' rights do not reach\n  try: s3:GetObject, and to write "
                      "s3:PutObject and s3:DeleteObject";
    throw about(ErrorCode::kStorageRefused, call, said + ": " + who);
  }
  if (response.status == 501) {
    throw about(ErrorCode::kStorageUnsupported, call, "the server cannot: " + said);
  }
  if (response.status >= 500 || response.status == 429 || response.status == 408) {
    throw about(ErrorCode::kStorageUnreachable, call,
                "the server fails: " + said + "\n  try: again later");
  }
  if (response.status < 300 || (response.status == 404 && complaint.code.empty())) {
    throw about(ErrorCode::kStorageUnreachable, call,
                "the answer (" + said +
                    ") is none of an S3 server's (a proxy's page?)\n  try: is " +
                    settings_.endpoint + " the S3 server itself?");
  }
  throw about(ErrorCode::kStorageRefused, call,
              "unexpected answer: " + said + "\n  try: is " + settings_.endpoint +
                  " an S3 server, and the bucket in its " +
                  (settings_.in_path ? "path" : "host's name") + " (style)?");
}

void S3Connection::open() {
  opening_.run([&] { list_page(settings_.prefix, "", "", 1); });
}

bool S3Connection::is_success(const S3Call& call, const HttpResponse& response) {
  if (call.method == "DELETE") return response.status == 204 || response.status == 200;
  const bool is_whole = response.status == 200 || (response.status == 206 && call.method == "GET");
  return is_whole && !response.header("etag").empty();
}

bool S3Connection::is_absent(const S3Call& call, const HttpResponse& response) {
  if (response.status != 404) return false;
  if (call.method != "HEAD") return complaint_of(response).code == "NoSuchKey";
  // Without a body only a list tells the missing key from the missing bucket.
  const std::string key = settings_.prefix + std::string(call.key);
  const std::vector<ListedObject> there = list_page(key, "", "", 1).objects;
  return there.empty() || there.front().key != key;
}

S3ListPage S3Connection::list_page(const std::string& prefix, const std::string& start_after,
                                   const std::string& token, std::size_t limit) {
  S3Call call{.query = {{"list-type", "2"},
                        {"encoding-type", "url"},
                        {"max-keys", std::to_string(limit)},
                        {"prefix", prefix}},
              .max_body = kMaxDocument};
  if (!token.empty()) call.query.emplace_back("continuation-token", token);
  if (token.empty() && !start_after.empty()) call.query.emplace_back("start-after", start_after);
  const HttpResponse response = this->call(call);
  if (response.status != 200) refuse(call, response);

  pugi::xml_document document;
  const bool readable = document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node result = document.child("ListBucketResult");
  if (!readable || !result) {
    throw about(ErrorCode::kStorageUnreachable, call,
                "the answer to a list is no S3 listing (a proxy's page?): " +
                    shown(std::string_view(response.body).substr(0, 80)) + "\n  try: is " +
                    settings_.endpoint + " the S3 server itself?");
  }
  S3ListPage page;
  const auto wrong = [&](const std::string& what) {
    return about(ErrorCode::kStorageUnreachable, call,
                 "the server's list " + what + "\n  try: a server that lists as S3 does");
  };
  for (const pugi::xml_node object : result.children("Contents")) {
    std::optional<std::string> key = percent_decoded(object.child_value("Key"));
    if (!key) throw wrong("has a key that cannot be decoded");
    const bool goes_on = page.objects.empty() || page.objects.back().key < *key;
    if (!key->starts_with(prefix) || *key <= start_after || !goes_on) {
      throw wrong("is not sorted, or has what was not asked for: " + shown(*key));
    }
    const std::optional<std::uint64_t> size = number_in(object.child_value("Size"));
    if (!size) throw wrong("does not say the size of " + shown(*key));
    if (page.objects.size() < limit) page.objects.push_back({*std::move(key), *size});
  }
  const bool is_cut = std::string_view(result.child_value("IsTruncated")) == "true";
  if (is_cut) page.next = result.child_value("NextContinuationToken");
  if (is_cut && (page.next.empty() || page.next == token)) {
    throw wrong("is cut, and it does not say how it goes on");
  }
  opening_.set_succeeded();
  return page;
}

}  // namespace pet
