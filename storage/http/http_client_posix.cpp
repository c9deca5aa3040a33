#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include "storage/ascii.hpp"
#include "storage/error.hpp"
#include "storage/http/curl_handles_posix.hpp"
#include "storage/http/curl_library_posix.hpp"
#include "storage/http/http_client.hpp"

namespace pet {
namespace {

constexpr std::size_t kMaxHead = std::size_t{64} << 10;
constexpr std::size_t kMaxUnwanted = std::size_t{64} << 10;  // of bodies: what is said of an error
constexpr std::uint64_t kSlowest = std::uint64_t{32}
                                   << 10;  // bytes a second that a transfer may take

void require_server_url(const std::string& url) {
  if (url.starts_with("http://") || url.starts_with("https://")) return;
  throw Error(ErrorCode::kUsage,
              "not a URL of a server: it begins neither with https:// nor http://");
}

// "HTTP/1.1 200 OK"
long status_in(std::string_view line) {
  const std::size_t space = line.find(' ');
  long status = 0;
  if (space != std::string_view::npos) {
    std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
  }
  return status;
}

HttpFailure::Kind kind_of(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return HttpFailure::Kind::kUntrusted;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
      return HttpFailure::Kind::kNotSent;
    default:
      return HttpFailure::Kind::kBrokenOff;
  }
}

}  // namespace

std::string http_library() {
  const std::string all = CurlLibrary::get().version();  // the third is a library of compression
  return all.substr(0, all.find(' ', all.find(' ') + 1));
}

std::string_view HttpResponse::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

// One request under way: what libcurl is told of it, and what it calls back with.
class HttpClient::Transfer {
 public:
  Transfer(HttpClient& client, const HttpRequest& request)
      : handles_(*client.handles_),
        clock_(client.clock_),
        options_(client.options_),
        request_(request),
        unsent_(request.body) {}
  ~Transfer() {
    curl_.slist_free_all(headers_);
    handles_.give_back(handle_);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  HttpResponse run() {
    add_headers();
    set_connection();
    set_bounds();
    set_answer();
    set_method();
    asked_ = std::chrono::system_clock::now();
    return outcome(curl_.easy_perform(handle_));
  }

 private:
  // Why the transfer was ended from here.
  enum class Ended { kNot, kHeadTooLarge, kBodyTooLarge, kBodyUnwanted };

  template <class Value>
  void set(CURLoption option, Value value) {
    if (curl_.easy_setopt(handle_, option, value) == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  }

  void add_headers();
  void add_header(const std::string& line);
  void set_connection();
  void set_bounds();
  void set_answer();
  void set_method();
  HttpResponse outcome(CURLcode code);
  bool end_is_known();

  void take_head_line(std::string_view line);
  void end_head();
  std::size_t take_body(std::string_view piece);
  std::size_t keep(std::string_view piece, std::uint64_t most, Ended beyond);

  // An exception does not pass through libcurl, which is written in C: it is kept, and libcurl told
  // to end.
  template <class Call>
  std::size_t guarded(const Call& call) {
    try {
      return call();
    } catch (...) {
      thrown_ = std::current_exception();
      return 0;
    }
  }

  static std::size_t on_head(char* line, std::size_t size, std::size_t count, void* transfer);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* transfer);
  static std::size_t on_read(char* to, std::size_t size, std::size_t count, void* transfer);
  static int on_seek(void* transfer, curl_off_t offset, int origin);

  CurlHandles& handles_;
  ServerClock& clock_;
  const HttpOptions& options_;
  const HttpRequest& request_;
  const CurlLibrary& curl_ = CurlLibrary::get();
  CURL* const handle_ = handles_.take();
  curl_slist* headers_ = nullptr;
  char why_[CURL_ERROR_SIZE] = "";

  std::chrono::system_clock::time_point asked_;
  std::string_view unsent_;
  HttpResponse response_ = {};
  ByteSink* sink_ = nullptr;
  std::uint64_t unwanted_ = 0;  // bytes of the body that come before what is kept
  std::size_t head_bytes_ = 0;
  bool head_ended_ = false;
  Ended ended_ = Ended::kNot;
  std::exception_ptr thrown_ = nullptr;
};

// --- the request ---

void HttpClient::Transfer::add_headers() {
  for (const auto& [name, value] : request_.headers) {
    add_header(value.empty() ? name + ";" : name + ": " + value);
  }
  add_header("Expect:");  // no round trip before a body
}

void HttpClient::Transfer::add_header(const std::string& line) {
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
    throw Error(ErrorCode::kUsage, "a header would have a line break in it: " +
                                       line.substr(0, line.find_first_of(":;")));
  }
  curl_slist* const longer = curl_.slist_append(headers_, line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  headers_ = longer;
}

void HttpClient::Transfer::set_connection() {
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, why_);
  set(CURLOPT_HTTPHEADER, headers_);
  if (request_.use_netrc) set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
  if (!options_.use_proxy) set(CURLOPT_PROXY, "");
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's 200 for a tunnel is no object's
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
}

void HttpClient::Transfer::set_bounds() {
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1024L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall.count()));
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 40;
  const std::uint64_t answer =
      std::min(request_.max_body, kLargest) + std::min(request_.skip, kLargest);
  const std::uint64_t largest = std::max<std::uint64_t>(request_.body.size(), answer);
  set(CURLOPT_TIMEOUT, static_cast<long>(static_cast<std::uint64_t>(options_.deadline.count()) +
                                         largest / kSlowest));
}

void HttpClient::Transfer::set_answer() {
  set(CURLOPT_HEADERFUNCTION, on_head);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, on_body);
  set(CURLOPT_WRITEDATA, this);
}

void HttpClient::Transfer::set_method() {
  if (request_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
    return;
  }
  set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (request_.method != "PUT" && request_.method != "POST") return;
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  set(CURLOPT_READFUNCTION, on_read);
  set(CURLOPT_READDATA, this);
  set(CURLOPT_SEEKFUNCTION, on_seek);
  set(CURLOPT_SEEKDATA, this);
}

std::size_t HttpClient::Transfer::on_read(char* to, std::size_t size, std::size_t count,
                                          void* transfer) {
  auto& self = *static_cast<Transfer*>(transfer);
  const std::size_t taken = self.guarded([&] {
    std::string_view& unsent = self.unsent_;
    const std::size_t most = std::min(size * count, unsent.size());
    std::memcpy(to, unsent.data(), most);
    unsent.remove_prefix(most);
    if (self.request_.on_sent) self.request_.on_sent(self.request_.body.size() - unsent.size());
    return most;
  });
  return self.thrown_ ? CURL_READFUNC_ABORT : taken;
}

// For a connection that broke before the response: the body is sent again from its start.
int HttpClient::Transfer::on_seek(void* transfer, curl_off_t offset, int origin) {
  auto& self = *static_cast<Transfer*>(transfer);
  if (origin != SEEK_SET || offset < 0 ||
      static_cast<std::uint64_t>(offset) > self.request_.body.size()) {
    return CURL_SEEKFUNC_CANTSEEK;
  }
  self.unsent_ = self.request_.body.substr(static_cast<std::size_t>(offset));
  return CURL_SEEKFUNC_OK;
}

// --- the answer ---

std::size_t HttpClient::Transfer::on_head(char* line, std::size_t size, std::size_t count,
                                          void* transfer) {
  auto& self = *static_cast<Transfer*>(transfer);
  return self.guarded([&]() -> std::size_t {
    self.head_bytes_ += size * count;
    if (self.head_bytes_ > kMaxHead) {
      self.ended_ = Ended::kHeadTooLarge;
      return 0;
    }
    self.take_head_line({line, size * count});
    return size * count;
  });
}

void HttpClient::Transfer::take_head_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (line == "\r\n" || line == "\n") {
    if (!head_ended_) end_head();
  } else if (line.starts_with("HTTP/")) {
    response_.headers.clear();  // of 100 Continue, or of a proxy
    head_ended_ = false;
    response_.status = status_in(line);
  } else if (colon != std::string_view::npos) {
    response_.headers.emplace_back(small_letters(line.substr(0, colon)),
                                   trimmed(line.substr(colon + 1)));
  }
}

void HttpClient::Transfer::end_head() {
  head_ended_ = true;
  sink_ = nullptr;
  unwanted_ = response_.status == 200 ? request_.skip : 0;
  clock_.hear(response_, asked_, std::chrono::system_clock::now());
  if (!response_.is_success()) return;
  if (request_.body_to) {
    sink_ = request_.body_to(response_);
    return;
  }
  // At once, so that a large object is held once and not twice while it grows.
  const std::uint64_t size = number_in(response_.header("content-length")).value_or(0);
  response_.body.reserve(std::min(size, request_.max_body));
}

std::size_t HttpClient::Transfer::on_body(char* bytes, std::size_t size, std::size_t count,
                                          void* transfer) {
  auto& self = *static_cast<Transfer*>(transfer);
  return self.guarded([&] { return self.take_body({bytes, size * count}); });
}

// What comes back is how much of the piece was taken; less than all ends the transfer.
std::size_t HttpClient::Transfer::take_body(std::string_view piece) {
  if (sink_ != nullptr) {
    sink_->write(piece);
    return piece.size();
  }
  if (!response_.is_success() || request_.body_to) {
    return keep(piece, kMaxUnwanted, Ended::kBodyUnwanted);
  }
  const std::size_t skipped = std::min<std::uint64_t>(unwanted_, piece.size());
  unwanted_ -= skipped;
  return skipped + keep(piece.substr(skipped), request_.max_body, Ended::kBodyTooLarge);
}

std::size_t HttpClient::Transfer::keep(std::string_view piece, std::uint64_t most, Ended beyond) {
  const std::string_view taken = piece.substr(0, most - response_.body.size());
  response_.body.append(taken);
  if (taken.size() < piece.size()) ended_ = beyond;
  return taken.size();
}

// --- what came of it ---

// Whether the end of a body that has come can be told from a broken connection.
bool HttpClient::Transfer::end_is_known() {
  long version = 0;
  curl_.easy_getinfo(handle_, CURLINFO_HTTP_VERSION, &version);
  const bool is_http1 = version == CURL_HTTP_VERSION_1_0 || version == CURL_HTTP_VERSION_1_1;
  return !is_http1 || request_.method != "GET" || !response_.is_success() ||
         response_.status == 204 || !response_.header("content-length").empty() ||
         !response_.header("transfer-encoding").empty();
}

HttpResponse HttpClient::Transfer::outcome(CURLcode code) {
  if (thrown_) std::rethrow_exception(thrown_);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  curl_.easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &response_.status);
  // libcurl takes a head that ends in the middle for a whole one, and its body for empty.
  if (code == CURLE_OK && !head_ended_) {
    throw HttpFailure(HttpFailure::Kind::kBrokenOff, "the answer ends within its headers");
  }
  if (code == CURLE_OK && !end_is_known()) {
    throw HttpFailure(HttpFailure::Kind::kBrokenOff,
                      "the answer does not say how long it is, so a cut one could not be told");
  }
  if (code == CURLE_OK || ended_ == Ended::kBodyUnwanted ||
      (ended_ == Ended::kBodyTooLarge && request_.stop_at_max)) {
    return std::move(response_);
  }
  if (code == CURLE_URL_MALFORMAT) {
    throw Error(ErrorCode::kUsage, std::string("not a URL of a server: ") + why_);
  }
  if (ended_ == Ended::kBodyTooLarge) {
    throw HttpFailure(HttpFailure::Kind::kTooLarge,
                      "the answer has more than " + std::to_string(request_.max_body) + " bytes");
  }
  std::string text = *why_ != '\0' ? why_ : curl_.easy_strerror(code);
  if (ended_ == Ended::kHeadTooLarge) text = "the answer's headers have more than 64 KiB";
  throw HttpFailure(kind_of(code), text);
}

HttpClient::HttpClient(HttpOptions options)
    : options_(std::move(options)), handles_(std::make_unique<CurlHandles>()) {
  const char* const from_environment = std::getenv("SSL_CERT_FILE");
  if (options_.ca_file.empty() && from_environment != nullptr) options_.ca_file = from_environment;
}

HttpClient::~HttpClient() = default;

HttpResponse HttpClient::send(const HttpRequest& request) {
  require_server_url(request.url);
  return Transfer(*this, request).run();
}

}  // namespace pet
