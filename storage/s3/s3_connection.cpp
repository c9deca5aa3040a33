#include "storage/s3/s3_connection.hpp"

#include <algorithm>
#include <chrono>
#include <pugixml.hpp>

#include "storage/ascii.hpp"
#include "storage/key.hpp"
#include "storage/percent.hpp"
#include "storage/s3/aws_files.hpp"
#include "storage/s3/s3_refusal.hpp"

namespace pet {
namespace {

constexpr std::uint64_t kMaxDocument = std::uint64_t{16} << 20;
constexpr int kMostWithoutObjects = 100;  // pages in a row; a server may skip what was removed

HttpOptions with_ca_of_aws(HttpOptions options) {
  if (options.ca_file.empty()) options.ca_file = aws_variable("AWS_CA_BUNDLE");
  return options;
}

bool may_be_of_credentials(const HttpResponse& answer) {
  return answer.status == 400 || answer.status == 403;
}

// As web forms encode: Amazon writes a space as '+', and '+' as %2B.
std::optional<std::string> listed_key(std::string key, bool is_encoded) {
  if (!is_encoded) return key;
  std::ranges::replace(key, '+', ' ');
  return percent_decoded(key);
}

}  // namespace

S3Connection::S3Connection(S3Settings settings, HttpOptions http, RetryPolicy retry)
    : settings_(std::move(settings)),
      http_(with_ca_of_aws(std::move(http))),
      retry_(std::move(retry)),
      credentials_(settings_),
      place_(std::make_shared<const S3Place>(place_in(settings_, settings_.region))) {}

HttpResponse S3Connection::attempt(const S3Call& call, const S3Place& place,
                                   const S3Credentials& credentials, const HttpHeaders& range) {
  S3Request request{.method = call.method,
                    .host = place.host,
                    .path = place.base_path,
                    .query = call.query,
                    .headers = call.headers,
                    .body = call.body};
  request.headers.insert(request.headers.end(), range.begin(), range.end());
  if (call.key.empty()) {
    if (settings_.in_path) request.path.pop_back();  // "/bucket"
  } else {
    request.path += settings_.prefix;
    request.path += call.key;
  }
  HttpResponse response = http_.send(
      {.method = call.method,
       .url = place.scheme + place.host + encoded_target(request),
       .headers = sign(request, credentials, place.region, std::chrono::system_clock::now()),
       .body = call.body,
       .max_body = call.max_body,
       .stop_at_max = call.stop_at_max,
       .skip = call.skip,
       .on_sent = call.on_sent,
       .body_to = call.download == nullptr ? nullptr : call.download->taker()});
  if (call.method == "POST") response.status = meant_status(response);
  return response;
}

HttpResponse S3Connection::call(const S3Call& call) {
  bool moved = false;
  bool renewed = false;
  while (true) {
    const std::shared_ptr<const S3Place> place = this->place();
    const S3Credentials credentials = this->credentials(call);
    HttpResponse response;
    try {
      const auto attempt_from = [&](const HttpHeaders& range) {
        return attempt(call, *place, credentials, range);
      };
      response = call.download != nullptr ? call.download->run(retry_, attempt_from)
                                          : with_retries(retry_, [&] { return attempt_from({}); });
    } catch (const HttpFailure& failure) {
      const HttpProblem problem =
          problem_of(failure, "AWS_CA_BUNDLE",
                     "the endpoint " + settings_.endpoint + " in a browser or with curl");
      throw about(problem.code, call, problem.text);
    }
    if (!moved && move_to_region(*place, response)) {
      moved = true;
      continue;
    }
    ask_why(call, response);
    if (!renewed && has_renewed(call, credentials, response)) {
      renewed = true;
    } else {
      return response;
    }
  }
}

S3Credentials S3Connection::credentials(const S3Call& call) {
  try {
    return credentials_.current();
  } catch (const Error& error) {
    throw about(error.code(), call, error.what());
  }
}

std::shared_ptr<const S3Place> S3Connection::place() const {
  const std::lock_guard lock(place_mutex_);
  return place_;
}

// Whether the bucket is asked elsewhere from now on.
bool S3Connection::move_to_region(const S3Place& asked, const HttpResponse& response) {
  const std::string region = region_named_by(response);
  if (region.empty() || region == asked.region) return false;
  const std::lock_guard lock(place_mutex_);
  if (place_->region != region) {
    place_ = std::make_shared<const S3Place>(place_in(settings_, region));
  }
  return true;
}

// An answer to HEAD has no body that would say why it refuses; that to the same question about the
// bucket has.
void S3Connection::ask_why(const S3Call& call, HttpResponse& refusal) {
  if (call.method != "HEAD" || !may_be_of_credentials(refusal)) return;
  HttpResponse list =
      this->call({.query = {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", settings_.prefix}},
                  .max_body = kMaxDocument});
  if (may_be_of_credentials(list)) refusal.body = std::move(list.body);
}

// Whether the answer was to credentials in whose place there are others now.
bool S3Connection::has_renewed(const S3Call& call, const S3Credentials& refused,
                               const HttpResponse& response) {
  if (!may_be_of_credentials(response)) return false;
  if (credentials_.last() != refused) return true;
  if (!says_expired(complaint_of(response))) return false;
  try {
    return credentials_.renew(refused);
  } catch (const Error& error) {
    throw about(error.code(), call, error.what());
  }
}

Error S3Connection::about(ErrorCode code, const S3Call& call, const std::string& what) const {
  std::string text = settings_.url() + ": ";
  if (!call.key.empty()) text += call.method + " " + pet::quoted(call.key) + ": ";
  return {code, text + what, {.class_name = {}, .hash = {}, .key = std::string(call.key)}};
}

void S3Connection::refuse(const S3Call& call, const HttpResponse& response) {
  const S3Credentials credentials = credentials_.last();
  const HttpProblem problem = problem_of({.settings = settings_,
                                          .region = place()->region,
                                          .is_bucket = call.key.empty(),
                                          .credentials = credentials,
                                          .places = credentials_.places()},
                                         response);
  throw about(problem.code, call, problem.text);
}

HttpResponse S3Connection::ask(const S3Call& call) {
  open();
  return this->call(call);
}

std::optional<HttpResponse> S3Connection::find(const S3Call& call) {
  HttpResponse response = ask(call);
  if (is_success(call, response)) return response;
  if (is_absent(call, response)) return std::nullopt;
  refuse(call, response);
}

void S3Connection::open() {
  opening_.run([&] { list_page(settings_.prefix, {}, 1); });
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
  const std::vector<ListedObject> there = list_page(key, {}, 1).objects;
  return there.empty() || there.front().key != key;
}

S3ListPage S3Connection::list_page(const std::string& prefix, const S3ListPage& before,
                                   std::size_t limit) {
  S3Call call{.query = {{"list-type", "2"},
                        {"encoding-type", "url"},
                        {"max-keys", std::to_string(limit)},
                        {"prefix", prefix}},
              .max_body = kMaxDocument};
  if (!before.next.empty()) {
    call.query.emplace_back("continuation-token", before.next);
  } else if (!before.last.empty()) {
    call.query.emplace_back("start-after", before.last);
  }
  const HttpResponse response = this->call(call);
  if (response.status != 200) refuse(call, response);
  S3ListPage page = page_in(call, response, prefix, before);
  opening_.set_succeeded();
  return page;
}

S3ListPage S3Connection::page_in(const S3Call& call, const HttpResponse& response,
                                 const std::string& prefix, const S3ListPage& before) const {
  pugi::xml_document document;
  const bool readable = document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node result = document.child("ListBucketResult");
  if (!readable || !result) {
    throw about(ErrorCode::kStorageUnreachable, call,
                "the answer to a list is no S3 listing (a proxy's page?): " +
                    printable(std::string_view(response.body).substr(0, 80)) + "\n  try: is " +
                    settings_.endpoint + " the S3 server itself?");
  }
  const auto wrong = [&](const std::string& what) {
    return about(ErrorCode::kStorageUnreachable, call,
                 "the server's list " + what + "\n  try: a server that lists as S3 does");
  };
  const bool is_encoded = std::string_view(result.child_value("EncodingType")) == "url";
  S3ListPage page{.last = before.last};
  for (const pugi::xml_node object : result.children("Contents")) {
    std::optional<std::string> key = listed_key(object.child_value("Key"), is_encoded);
    if (!key) throw wrong("has a key that cannot be decoded");
    // Also from page to page, or a list that goes in circles would have no end.
    if (!key->starts_with(prefix) || *key <= page.last) {
      throw wrong("is not sorted, or has what was not asked for: " + printable(*key));
    }
    const std::optional<std::uint64_t> size = number_in(object.child_value("Size"));
    if (!size) throw wrong("does not say the size of " + printable(*key));
    page.last = *key;
    page.objects.push_back({*std::move(key), *size});
  }
  const bool is_cut = std::string_view(result.child_value("IsTruncated")) == "true";
  if (is_cut) page.next = result.child_value("NextContinuationToken");
  if (is_cut && (page.next.empty() || page.next == before.next)) {
    throw wrong("is cut, and it does not say how it goes on");
  }
  page.without_objects = page.objects.empty() ? before.without_objects + 1 : 0;
  if (page.without_objects > kMostWithoutObjects) {
    throw wrong("goes on for " + std::to_string(kMostWithoutObjects) + " pages without an object");
  }
  return page;
}

}  // namespace pet
