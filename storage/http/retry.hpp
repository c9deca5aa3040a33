// retry: asks again what may be asked again, later each time, and not at the same moment as others.
//
//   HttpResponse response = with_retries(policy, [&](int attempt) { return client.send(…); });
//
// Waits: before attempt n + 1, a random time between half and all of first_wait · 2^(n-1), at most
// max_wait; what a server asks for with Retry-After, in seconds, when that is longer, but never more
// than max_retry_after. (The "equal jitter" of AWS's Architecture Blog, "Exponential Backoff And
// Jitter", 2015.)
//
// Threads: any.
#pragma once

#include <chrono>
#include <functional>

#include "storage/http/http_client.hpp"

namespace pet {

struct RetryPolicy {
  int attempts = 5;
  std::chrono::milliseconds first_wait{100};
  std::chrono::milliseconds max_wait{5'000};
  std::chrono::seconds max_retry_after{30};
  std::chrono::seconds total{120};  // no attempt begins later than this after the first
  // Replaced in tests. Null: the thread sleeps.
  std::function<void(std::chrono::milliseconds)> sleep = {};
};

// Runs `attempt` until its response is none that may be retried: 408, 429, 500, 502, 503, 504, or an
// HttpFailure of kNotSent or kBrokenOff. After the last attempt the response or failure as it is.
// REQUIRES: the request may be done twice.
HttpResponse with_retries(const RetryPolicy& policy, const std::function<HttpResponse()>& attempt);

// The same for a transfer that goes on where it stopped: after an attempt that `moved_on`, the next
// one counts as the first.
HttpResponse with_retries(const RetryPolicy& policy, const std::function<HttpResponse()>& attempt,
                          const std::function<bool()>& moved_on);

// Waits as with_retries does after its nth attempt.
void wait_before_retry(const RetryPolicy& policy, int attempt);

}  // namespace pet
