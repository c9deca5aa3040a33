#include "storage/http/http_storage.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <utility>

#include "storage/ascii.hpp"
#include "storage/error.hpp"
#include "storage/http/byte_range.hpp"
#include "storage/http/http_problem.hpp"
#include "storage/http/url.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

constexpr int kMaxRedirects = 5;
constexpr std::size_t kMaxDocument = std::size_t{256} << 10;  // larger ones are not remembered
constexpr std::size_t kMaxDocuments = 1024;

bool is_document(std::string_view key) { return key.ends_with(".json"); }

bool is_redirect(long status) {
  constexpr std::array kStatuses{301L, 302L, 303L, 307L, 308L};
  return std::ranges::find(kStatuses, status) != kStatuses.end();
}

bool is_web_page(const HttpResponse& response) {
  return response.status == 200 && response.header("content-type").starts_with("text/html");
}

[[noreturn]] void throw_usage(const std::string& why) {
  throw Error(ErrorCode::kUsage,
              "not an HTTP storage: " + why + "\n  try: https://HOST/FOLDER, a mirror's URL");
}

std::string checked_url(std::string url) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    const bool may_be_shown = url.find('@') == std::string::npos;
    throw_usage((may_be_shown ? pet::quoted(url) : "it") + " does not begin with https://");
  }
  while (url.ends_with('/')) url.pop_back();
  const std::optional<Url> parts = Url::parse(url);
  if (!parts || parts->host.empty()) throw_usage("a URL without a host");
  if (parts->has_user) {
    throw_usage("credentials do not belong in a URL: use ~/.netrc, or PET_HTTP_TOKEN");
  }
  if (url.find_first_of("?#") != std::string::npos) throw_usage("a URL with '?' or '#'");
  if (parts->scheme == "http" && !parts->is_loopback()) {
    throw_usage("over http:// anybody in between could say what is latest");
  }
  return url;
}

// Without what is secret in some URLs: a user's password, a signature.
std::string place_of(const Url& url) {
  return printable(url.scheme + "://" + url.host + ":" + url.port);
}

}  // namespace

HttpStorage::HttpStorage(std::string url, HttpOptions http, RetryPolicy retry)
    : url_(checked_url(std::move(url))), http_(std::move(http)), retry_(std::move(retry)) {
  if (const char* const token = std::getenv("PET_HTTP_TOKEN")) token_ = token;
}

HttpStorage::~HttpStorage() = default;

Error HttpStorage::about(ErrorCode code, std::string_view key, const std::string& what) const {
  return {code,
          url_ + (key.empty() ? "" : "/" + std::string(key)) + ": " + what,
          {.class_name = {}, .hash = {}, .key = std::string(key)}};
}

HttpResponse HttpStorage::follow(std::string_view key, HttpRequest request) const {
  const Url home = *Url::parse(url_);
  for (int redirects = 0;; ++redirects) {
    const Url here = *Url::parse(request.url);
    HttpRequest asked = request;
    asked.use_netrc = true;
    if (!token_.empty() && here.scheme == "https" && here.same_origin(home)) {
      asked.headers.emplace_back("Authorization", "Bearer " + token_);
    }
    HttpResponse response = http_.send(asked);
    if (!is_redirect(response.status)) return response;
    request.url = redirected(key, here, response.header("location"));
    if (redirects == kMaxRedirects) {
      throw about(ErrorCode::kStorageRefused, key,
                  "more than " + std::to_string(kMaxRedirects) + " redirects, the last to " +
                      place_of(*Url::parse(request.url)) +
                      "\n  try: the URL where they should end");
    }
  }
}

// The URL that a page's Location leads to.
std::string HttpStorage::redirected(std::string_view key, const Url& here,
                                    std::string_view location) const {
  const std::optional<std::string> next = here.resolve(location);
  const std::optional<Url> target = next ? Url::parse(*next) : std::nullopt;
  if (!target || (target->scheme != "https" && target->scheme != "http")) {
    throw about(ErrorCode::kStorageRefused, key,
                "redirected to what is no URL of a server" +
                    (target ? ": " + place_of(*target) : "") +
                    "\n  try: the URL that the server means");
  }
  if (target->scheme == "http" && (here.scheme == "https" || !target->is_loopback())) {
    throw about(ErrorCode::kStorageRefused, key,
                "redirected from " + here.scheme + " to " + place_of(*target) +
                    ", where anybody could answer\n  try: the mirror's own https URL");
  }
  return *next;
}

// What `send` comes back with; a failure as the storage's error.
template <class Send>
HttpResponse HttpStorage::answered(std::string_view key, const Send& send) const {
  try {
    return send();
  } catch (const HttpFailure& failure) {
    const HttpProblem problem = problem_of(failure, "SSL_CERT_FILE", "the URL with curl");
    throw about(problem.code, key, problem.text);
  }
}

HttpResponse HttpStorage::send(std::string_view key, const HttpRequest& request) const {
  return answered(key, [&] { return with_retries(retry_, [&] { return follow(key, request); }); });
}

// Throws for an answer that says nothing of the object, whatever it is.
void HttpStorage::require_answer(std::string_view key, const HttpResponse& response) const {
  const long status = response.status;
  if (status == 401 || status == 403) {
    throw about(ErrorCode::kStorageRefused, key,
                std::to_string(status) +
                    ": the server wants credentials, or other ones\n  try: ~/.netrc, or "
                    "PET_HTTP_TOKEN for a bearer token; a missing file should be 404");
  }
  if (is_failing(status)) {
    const HttpProblem problem = failing_problem(std::to_string(status));
    throw about(problem.code, key, problem.text);
  }
  constexpr std::array kAnswers{200L, 206L, 304L, 404L, 410L, 416L};
  if (std::ranges::find(kAnswers, status) == kAnswers.end()) throw unexpected(key, response);
}

Error HttpStorage::unexpected(std::string_view key, const HttpResponse& response) const {
  return about(
      ErrorCode::kStorageRefused, key,
      "unexpected answer: " + std::to_string(response.status) + "\n  try: the URL with curl");
}

// Throws for a success that is no object's.
void HttpStorage::require_object(std::string_view key, const HttpResponse& response) const {
  require_answer(key, response);
  if (is_web_page(response)) {
    throw about(ErrorCode::kStorageUnreachable, key,
                "a web page came instead of the object (a login or an error page?)\n  try: the URL "
                "in a browser");
  }
}

HttpRequest HttpStorage::request_for(std::string_view key, HttpRequest request) const {
  request.url = url_ + "/" + std::string(key);
  if (is_document(key)) request.headers.emplace_back("Cache-Control", "no-cache");
  return request;
}

// The answer to a question about an object: a success, 304, 404, 410 or 416; everything else is thrown.
HttpResponse HttpStorage::ask(std::string_view key, HttpRequest request) const {
  HttpResponse response = send(key, request_for(key, std::move(request)));
  require_object(key, response);
  return response;
}

// The same for the object itself, whose bytes go to the download's sink.
HttpResponse HttpStorage::ask(std::string_view key, HttpRequest request, Download& download) const {
  request = request_for(key, std::move(request));
  request.body_to = download.taker();
  HttpResponse response = answered(key, [&] {
    return download.run(retry_, [&](const HttpHeaders& range) {
      HttpRequest asked = request;
      asked.headers.insert(asked.headers.end(), range.begin(), range.end());
      return follow(key, std::move(asked));
    });
  });
  require_object(key, response);
  return response;
}

bool HttpStorage::is_absent(const HttpResponse& response) const {
  if (response.status != 404 && response.status != 410) return false;
  require_mirror();
  return true;
}

// A server that knows nothing of the URL has no absent objects either.
void HttpStorage::require_mirror() const {
  {
    const std::lock_guard lock(mutex_);
    if (is_there_) return;
  }
  for (const char* const sign : {"petfactory.json", "plugins/", ""}) {
    const HttpResponse response = send(sign, {.method = "HEAD", .url = url_ + "/" + sign});
    if (response.status == 404 || response.status == 410) continue;
    // A folder that must not be listed is there.
    const bool is_folder = sign != std::string_view("petfactory.json");
    if (response.status != 403 || !is_folder) require_answer(sign, response);
    const std::lock_guard lock(mutex_);
    is_there_ = true;
    return;
  }
  throw about(
      ErrorCode::kStorageUnreachable, "",
      "the server has no such folder (404)\n  try: the mirror's right URL; where the server "
      "hides folders, an empty file petfactory.json in the mirror's");
}

DownloadRules HttpStorage::rules_for(std::string_view key, std::uint64_t max_size) const {
  return {.accepts = [](const HttpResponse& head) { return !is_web_page(head); },
          .check_size = [this, key, max_size](
                            std::uint64_t size,
                            SizeIs known) { check_size(key, size, max_size, known); }};
}

bool HttpStorage::do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const {
  if (is_document(key)) return read_document(key, sink, max_size);
  Download download(sink, rules_for(key, max_size));
  const HttpResponse response = ask(key, {.max_body = max_size}, download);
  if (is_absent(response)) return false;
  if (!download.is_complete()) throw unexpected(key, response);
  return true;
}

// What may have changed since it was read, and mostly has not.
bool HttpStorage::read_document(std::string_view key, ByteSink& sink,
                                std::uint64_t max_size) const {
  HttpRequest request{.max_body = max_size};
  const std::optional<Document> before = remembered(key, max_size);
  if (before) request.headers.emplace_back("If-None-Match", before->etag);
  StringSink fresh;
  Download download(fresh, rules_for(key, max_size));
  const HttpResponse response = ask(key, std::move(request), download);
  if (is_absent(response)) return false;
  const bool is_unchanged = response.status == 304 && before;
  if (!is_unchanged && !download.is_complete()) throw unexpected(key, response);
  const std::string bytes = is_unchanged ? before->bytes : fresh.take();
  if (!is_unchanged) remember(key, response, bytes);
  sink.begin(bytes.size());
  sink.write(bytes);
  return true;
}

std::optional<HttpStorage::Document> HttpStorage::remembered(std::string_view key,
                                                             std::uint64_t max_size) const {
  const std::lock_guard lock(mutex_);
  const auto found = documents_.find(key);
  if (found == documents_.end() || found->second.bytes.size() > max_size) return std::nullopt;
  return found->second;
}

void HttpStorage::remember(std::string_view key, const HttpResponse& response,
                           const std::string& bytes) const {
  const std::string_view etag = response.header("etag");
  if (etag.empty() || bytes.size() > kMaxDocument) return;
  const std::lock_guard lock(mutex_);
  if (documents_.size() >= kMaxDocuments) documents_.clear();
  documents_.insert_or_assign(std::string(key), Document{std::string(etag), bytes});
}

std::optional<std::string> HttpStorage::do_get_range(std::string_view key, std::uint64_t offset,
                                                     std::uint64_t length) const {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  if (length == 0) return do_head(key) ? std::optional<std::string>("") : std::nullopt;
  const std::uint64_t end = offset > kMost - length ? kMost : offset + length;
  HttpResponse response = ask(key, {.headers = {{"Range", byte_range(offset, end)}},
                                    .max_body = length,
                                    .stop_at_max = true,
                                    .skip = offset});
  if (is_absent(response)) return std::nullopt;
  if (response.status == 416) {  // by the server's word alone a whole object could pass for its end
    const std::optional<ObjectInfo> info = do_head(key);
    if (!info || info->size <= offset) return info ? std::optional<std::string>("") : std::nullopt;
  }
  if (response.status == 304) {
    throw about(
        ErrorCode::kStorageUnreachable, key,
        "304 came, which was not asked for\n  try: the server without what caches before it");
  }
  const bool is_part = response.status == 206 && has_byte_range(response, offset, end);
  if (response.status != 200 && !is_part) {
    throw about(other_range_problem().code, key, other_range_problem().text);
  }
  return std::move(response.body);
}

std::optional<ObjectInfo> HttpStorage::do_head(std::string_view key) const {
  const HttpResponse response = ask(key, {.method = "HEAD"});
  if (is_absent(response)) return std::nullopt;
  if (response.status != 200) throw unexpected(key, response);
  if (const auto size = number_in(response.header("content-length"))) return ObjectInfo{*size};
  throw about(
      ErrorCode::kStorageUnreachable, key,
      "the server does not say the object's size\n  try: serve the files as they are, without "
      "compression");
}

// Never called: capabilities() says so.
void HttpStorage::do_put(std::string_view key, std::string_view) {
  throw about(ErrorCode::kStorageUnsupported, key, "a mirror is read-only");
}
bool HttpStorage::do_put_if_absent(std::string_view key, std::string_view bytes) {
  do_put(key, bytes);
  return false;
}
std::vector<std::string> HttpStorage::do_list(std::string_view prefix, std::string_view,
                                              std::size_t) const {
  throw about(ErrorCode::kStorageUnsupported, prefix, "a web server has no list");
}
bool HttpStorage::do_remove(std::string_view key) {
  do_put(key, "");
  return false;
}

}  // namespace pet
