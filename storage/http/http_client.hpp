// HttpClient: one request over HTTP or HTTPS, and its response. What storages over the network are
// built on; it knows nothing of what is asked. Retries are retry.hpp's.
//
//   HttpClient client;
//   const HttpResponse response = client.send({.url = "https://pets.example/a.json"});
//   if (response.status == 200) use(response.body);
//
// Connections: kept and used again, HTTP/2 where the server has it. http_proxy, https_proxy and
//          no_proxy are obeyed. Redirects are answers like others.
// Bodies:  in memory, or, of a success, to who takes them as they arrive.
// Bounds:  a response's head has at most 64 KiB, its body at most what the request allows, or 64 KiB when
//          nobody wants it (the rest is not read). A transfer of less than a kilobyte a second for
//          `stall` is given up, and any after `deadline` and a second for each 32 KiB that it may have.
// Forks:   a child of fork() uses no connection of its parent's.
// Again:   libcurl sends a request a second time, unasked, when a connection that was kept ends before
//          any answer. So a request that has succeeded may have been done twice.
// Threads: send() from any number of threads, each over a connection of its own.
// Throws:  HttpFailure when there is no response, kStorageUnsupported without libcurl, kUsage for a
//          URL that is none; what body_to and its sink throw.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/byte_sink.hpp"
#include "storage/http/server_clock.hpp"

namespace pet {

class CurlHandles;

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// What requests are made with: "libcurl/7.88.1 OpenSSL/3.0.17". Throws kStorageUnsupported without it.
std::string http_library();

struct HttpResponse {
  long status = 0;
  HttpHeaders headers = {};  // names in small letters
  std::string body = {};

  // The value of a header (name in small letters); empty when there is none.
  std::string_view header(std::string_view name) const noexcept;

  bool is_success() const noexcept { return status >= 200 && status < 300; }
};

struct HttpRequest {
  std::string method = "GET";
  std::string url = {};
  HttpHeaders headers = {};
  std::string_view body = {};                       // of PUT and POST
  std::uint64_t max_body = std::uint64_t{1} << 30;  // of the response, where it is kept
  bool use_netrc = false;    // credentials for the host from ~/.netrc, when it has any
  bool stop_at_max = false;  // more is cut off instead of kTooLarge
  std::uint64_t skip = 0;    // so many bytes of a 200's body come before what is kept

  // Told how much of `body` has gone; less than before when it is sent again. Must not throw.
  std::function<void(std::uint64_t bytes)> on_sent = {};

  // Asked when the headers of a success have come: who takes the body (his begin() has been called).
  // Null: nobody wants it. Without this function the body is kept.
  std::function<ByteSink*(const HttpResponse& head)> body_to = {};
};

// No response. The text has no URL and no header.
class HttpFailure : public std::runtime_error {
 public:
  enum class Kind {
    kNotSent,    // nothing listened: the server has not seen the request
    kBrokenOff,  // it may have seen it, and may have done it
    kUntrusted,  // the server's certificate is not one to talk to
    kTooLarge,   // the body exceeds max_body
  };

  HttpFailure(Kind kind, const std::string& text) : std::runtime_error(text), kind_(kind) {}
  Kind kind() const noexcept { return kind_; }

 private:
  Kind kind_;
};

struct HttpOptions {
  std::chrono::milliseconds connect{10'000};
  std::chrono::seconds stall{30};
  std::chrono::seconds deadline{120};
  std::string ca_file = {};  // PEM; empty: SSL_CERT_FILE, else the system's
  bool use_proxy = true;     // that the environment names
};

class HttpClient {
 public:
  explicit HttpClient(HttpOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpResponse send(const HttpRequest& request);

  // Of the server that answered last.
  std::optional<std::chrono::seconds> clock_skew() const { return clock_.skew(); }

 private:
  class Transfer;
  HttpOptions options_;
  std::unique_ptr<CurlHandles> handles_;
  ServerClock clock_;
};

}  // namespace pet
