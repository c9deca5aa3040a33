// ServerClock: how far a server's clock is from this machine's, read off the answers that come anyway.
//
// Signatures have a time, and a server refuses those that are 15 minutes old; certificates begin and
// end. So who looks for the cause of a refusal wants to know.
//
// Threads: any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace pet {

struct HttpResponse;

// "Sun, 06 Nov 1994 08:49:37 GMT", as RFC 9110 wants a Date; nullopt for anything else.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

class ServerClock {
 public:
  using Time = std::chrono::system_clock::time_point;

  // An answer that came between these two times. One without a Date says nothing, and no more does
  // one from a cache (Age), whose Date is another server's.
  void hear(const HttpResponse& response, Time asked, Time answered);

  // As the last answer said: by how much the server's clock is ahead, negative when it is behind. 0
  // when its time was possible. Nullopt before an answer has said anything.
  std::optional<std::chrono::seconds> skew() const;

 private:
  static constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::min();

  std::atomic<std::int64_t> seconds_{kUnknown};
};

}  // namespace pet
