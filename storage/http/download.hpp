// Download: one object's bytes over HTTP into a sink, by as many requests as that takes.
//
//   Download download(sink, {.accepts = is_the_object, .check_size = throw_when_too_large});
//   const HttpResponse answer = download.run(policy, [&](const HttpHeaders& range) {
//     return client.send({.url = url, .headers = range, .body_to = download.taker()});
//   });
//   if (download.is_complete()) …  // else `answer` says why there is no object
//
// Broken:  a transfer that breaks off after a megabyte or more goes on from there, where the server gave
//          a strong ETag: the rest is asked for on the condition that the object still has it. Otherwise,
//          and when the object has changed meanwhile, it starts again, and so does the sink.
// Size:    what the server announces is checked before the first byte, what comes with every piece.
// Threads: one. Throws: what the sink and check_size throw; HttpFailure as HttpClient does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base_storage.hpp"
#include "storage/byte_sink.hpp"
#include "storage/http/http_client.hpp"
#include "storage/http/retry.hpp"

namespace pet {

struct DownloadRules {
  // Whether a success is the object's (no web page, no proxy's answer).
  std::function<bool(const HttpResponse& head)> accepts;
  // Throws when so many bytes are too many.
  std::function<void(std::uint64_t size, SizeIs known)> check_size;
  // The condition under which the rest is sent: "If-Range" (otherwise the whole object is) or
  // "If-Match" (otherwise 412 is the answer).
  const char* condition = "If-Range";
};

class Download final : private ByteSink {
 public:
  Download(ByteSink& sink, DownloadRules rules);

  using Attempt = std::function<HttpResponse(const HttpHeaders& range)>;

  // The last answer. `attempt` sends a request with the headers given beside its own and with taker().
  HttpResponse run(const RetryPolicy& policy, const Attempt& attempt);

  // HttpRequest::body_to.
  std::function<ByteSink*(const HttpResponse& head)> taker();

  // Whether the sink has the whole object.
  bool is_complete() const noexcept { return is_complete_; }

 private:
  HttpResponse attempt_once(const Attempt& attempt);
  ByteSink* take(const HttpResponse& head);
  ByteSink* start(const HttpResponse& head);
  ByteSink* go_on(const HttpResponse& head);
  bool may_go_on() const noexcept;
  [[noreturn]] void start_again(const std::string& why);

  void begin(std::optional<std::uint64_t> size) override;
  void write(std::string_view piece) override;

  ByteSink& sink_;
  const DownloadRules rules_;
  std::string etag_;  // a strong one, of what came; empty: none
  std::optional<std::uint64_t> size_;
  std::uint64_t received_ = 0;
  std::uint64_t asked_from_ = 0;  // of the attempt under way; 0: the whole object
  bool is_taken_ = false;         // the attempt's answer has the object's bytes
  bool is_complete_ = false;
};

}  // namespace pet
