#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <new>

#include "storage/ascii.hpp"
#include "storage/error.hpp"
#include "storage/http/curl_library_posix.hpp"
#include "storage/http/http_client.hpp"

namespace pet {
namespace {

constexpr std::size_t kMaxHead = std::size_t{64} << 10;
constexpr std::size_t kMaxErrorBody = std::size_t{64} << 10;  // of answers that are no success
constexpr std::size_t kIdleConnections = 128;
constexpr std::uint64_t kSlowest = std::uint64_t{32}
                                   << 10;  // bytes a second that a transfer may take

// One request under way. libcurl calls back with a pointer to it.
struct Transfer {
  const HttpRequest& request;
  HttpResponse response = {};
  std::string_view unsent;
  std::size_t head_bytes = 0;
  bool head_ended = false;
  bool head_too_large = false;
  bool body_too_large = false;
  bool error_body_cut = false;  // what came is enough
  bool out_of_memory = false;

  static std::size_t read(char* to, std::size_t size, std::size_t count, void* transfer) {
    std::string_view& unsent = static_cast<Transfer*>(transfer)->unsent;
    const std::size_t taken = std::min(size * count, unsent.size());
    std::memcpy(to, unsent.data(), taken);
    unsent.remove_prefix(taken);
    return taken;
  }

  // For a connection that broke before the response: the body is sent again from its start.
  static int seek(void* transfer, curl_off_t offset, int origin) {
    auto& self = *static_cast<Transfer*>(transfer);
    if (origin != SEEK_SET || offset < 0 ||
        static_cast<std::uint64_t>(offset) > self.request.body.size()) {
      return CURL_SEEKFUNC_CANTSEEK;
    }
    self.unsent = self.request.body.substr(static_cast<std::size_t>(offset));
    return CURL_SEEKFUNC_OK;
  }

  static std::size_t head(char* line, std::size_t size, std::size_t count, void* transfer) {
    auto& self = *static_cast<Transfer*>(transfer);
    const std::string_view text(line, size * count);
    self.head_bytes += text.size();
    if (self.head_bytes > kMaxHead) return self.head_too_large = true, 0;
    try {
      const std::size_t colon = text.find(':');
      if (text == "\r\n" || text == "\n") {
        self.head_ended = true;
        self.reserve();
      } else if (text.starts_with("HTTP/")) {
        self.response.headers.clear();  // of 100 Continue, or of a proxy
        self.head_ended = false;
        self.response.status = status_in(text);
      } else if (colon != std::string_view::npos) {
        self.response.headers.emplace_back(small_letters(text.substr(0, colon)),
                                           trimmed(text.substr(colon + 1)));
      }
    } catch (const std::bad_alloc&) {
      return self.out_of_memory = true, 0;
    }
    return text.size();
  }

  static std::size_t body(char* bytes, std::size_t size, std::size_t count, void* transfer) {
    auto& self = *static_cast<Transfer*>(transfer);
    std::string& body = self.response.body;
    const std::uint64_t most = self.is_success() ? self.request.max_body : kMaxErrorBody;
    const std::uint64_t space = most - body.size();
    const std::size_t taken =
        static_cast<std::size_t>(std::min<std::uint64_t>(size * count, space));
    try {
      body.append(bytes, taken);
    } catch (const std::bad_alloc&) {
      return self.out_of_memory = true, 0;
    }
    if (taken < size * count) {
      (self.is_success() ? self.body_too_large : self.error_body_cut) = true;
    }
    return taken;
  }

  bool is_success() const { return response.status >= 200 && response.status < 300; }

  // "HTTP/1.1 200 OK"
  static long status_in(std::string_view line) {
    const std::size_t space = line.find(' ');
    long status = 0;
    if (space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
    }
    return status;
  }

  // At once, so that a large object is held once and not twice while it grows.
  void reserve() {
    const std::string_view text = response.header("content-length");
    std::uint64_t size = 0;
    std::from_chars(text.data(), text.data() + text.size(), size);
    if (is_success()) response.body.reserve(std::min(size, request.max_body));
  }

  // Whether the end of a body that has come can be told from a broken connection.
  bool end_is_known(long http_version) const {
    const bool is_http1 =
        http_version == CURL_HTTP_VERSION_1_0 || http_version == CURL_HTTP_VERSION_1_1;
    return !is_http1 || request.method != "GET" || !is_success() || response.status == 204 ||
           !response.header("content-length").empty() ||
           !response.header("transfer-encoding").empty();
  }
};

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

std::string byte_range(std::uint64_t offset, std::uint64_t end) {
  const std::string from = "bytes=" + std::to_string(offset) + "-";
  return end > std::numeric_limits<std::int64_t>::max() ? from : from + std::to_string(end - 1);
}

std::string_view HttpResponse::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

// Handles that are not in use, each with its connections. The last one used is taken first.
class HttpClient::Pool {
 public:
  ~Pool() {
    if (process_ != ::getpid()) return;
    for (CURL* handle : idle_) CurlLibrary::get().easy_cleanup(handle);
  }

  CURL* take() {
    {
      const std::lock_guard lock(mutex_);
      // After a fork the connections are the parent's. They are left as they are: closing them
      // in order would end the parent's, too.
      if (process_ != ::getpid()) {
        idle_.clear();
        process_ = ::getpid();
      }
      if (!idle_.empty()) {
        CURL* const handle = idle_.back();
        idle_.pop_back();
        return handle;
      }
    }
    CURL* const handle = CurlLibrary::get().easy_init();
    if (handle == nullptr) throw std::bad_alloc();
    return handle;
  }

  void give_back(CURL* handle) noexcept {
    CurlLibrary::get().easy_reset(handle);  // connections stay
    try {
      const std::lock_guard lock(mutex_);
      if (idle_.size() < kIdleConnections) return idle_.push_back(handle);
    } catch (const std::bad_alloc&) {
    }
    CurlLibrary::get().easy_cleanup(handle);
  }

 private:
  std::mutex mutex_;
  std::vector<CURL*> idle_;
  pid_t process_ = ::getpid();
};

HttpClient::HttpClient(HttpOptions options)
    : options_(std::move(options)), pool_(std::make_unique<Pool>()) {
  const char* const from_environment = std::getenv("SSL_CERT_FILE");
  if (options_.ca_file.empty() && from_environment != nullptr) options_.ca_file = from_environment;
}

HttpClient::~HttpClient() = default;

HttpResponse HttpClient::send(const HttpRequest& request) {
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
    throw Error(ErrorCode::kUsage,
                "not a URL of a server: it begins neither with https:// nor http://");
  }
  const CurlLibrary& curl = CurlLibrary::get();
  const auto give_back = [&](CURL* handle) { pool_->give_back(handle); };
  const std::unique_ptr<CURL, decltype(give_back)> handle(pool_->take(), give_back);
  const auto free_list = [&](curl_slist* list) { curl.slist_free_all(list); };
  std::unique_ptr<curl_slist, decltype(free_list)> headers(nullptr, free_list);
  const auto add_header = [&](const std::string& line) {
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      throw Error(ErrorCode::kUsage, "a header would have a line break in it: " +
                                         line.substr(0, line.find_first_of(":;")));
    }
    curl_slist* const longer = curl.slist_append(headers.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(headers.release());
    headers.reset(longer);
  };
  for (const auto& [name, value] : request.headers) {
    add_header(value.empty() ? name + ";" : name + ": " + value);
  }
  add_header("Expect:");  // no round trip before a body

  Transfer transfer{.request = request, .unsent = request.body};
  char why[CURL_ERROR_SIZE] = "";
  const auto set = [&](CURLoption option, auto value) {
    if (curl.easy_setopt(handle.get(), option, value) == CURLE_OUT_OF_MEMORY)
      throw std::bad_alloc();
  };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, why);
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1024L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall.count()));
  const std::uint64_t largest = std::min(
      std::max<std::uint64_t>(request.body.size(), request.max_body), std::uint64_t{1} << 40);
  set(CURLOPT_TIMEOUT, static_cast<long>(static_cast<std::uint64_t>(options_.deadline.count()) +
                                         largest / kSlowest));
  set(CURLOPT_HEADERFUNCTION, Transfer::head);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_WRITEFUNCTION, Transfer::body);
  set(CURLOPT_WRITEDATA, &transfer);
  if (request.use_netrc) set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
  if (!options_.use_proxy) set(CURLOPT_PROXY, "");
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request.method == "PUT" || request.method == "POST") {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_READFUNCTION, Transfer::read);
    set(CURLOPT_READDATA, &transfer);
    set(CURLOPT_SEEKFUNCTION, Transfer::seek);
    set(CURLOPT_SEEKDATA, &transfer);
  } else {
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  const auto asked = std::chrono::system_clock::now();
  const CURLcode code = curl.easy_perform(handle.get());
  clock_.hear(transfer.response, asked, std::chrono::system_clock::now());
  if (transfer.out_of_memory || code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  curl.easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &transfer.response.status);
  long http_version = 0;
  curl.easy_getinfo(handle.get(), CURLINFO_HTTP_VERSION, &http_version);
  // libcurl takes a head that ends in the middle for a whole one, and its body for empty.
  if (code == CURLE_OK && !transfer.head_ended) {
    throw HttpFailure(HttpFailure::Kind::kBrokenOff, "the answer ends within its headers");
  }
  if (code == CURLE_OK && !transfer.end_is_known(http_version)) {
    throw HttpFailure(HttpFailure::Kind::kBrokenOff,
                      "the answer does not say how long it is, so a cut one could not be told");
  }
  if (code == CURLE_OK || transfer.error_body_cut ||
      (transfer.body_too_large && request.stop_at_max)) {
    return std::move(transfer.response);
  }
  if (code == CURLE_URL_MALFORMAT) {
    throw Error(ErrorCode::kUsage, std::string("not a URL of a server: ") + why);
  }
  if (transfer.body_too_large) {
    throw HttpFailure(HttpFailure::Kind::kTooLarge,
                      "the answer has more than " + std::to_string(request.max_body) + " bytes");
  }
  std::string text = *why != '\0' ? why : curl.easy_strerror(code);
  if (transfer.head_too_large) text = "the answer's headers have more than 64 KiB";
  throw HttpFailure(kind_of(code), text);
}

}  // namespace pet
