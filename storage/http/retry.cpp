#include "storage/http/retry.hpp"

#include <algorithm>
#include <charconv>
#include <random>
#include <thread>

namespace pet {
namespace {

using std::chrono::milliseconds;

bool may_retry(long status) {
  constexpr long kStatuses[] = {408, 429, 500, 502, 503, 504};
  return std::ranges::find(kStatuses, status) != std::end(kStatuses);
}

bool may_retry(HttpFailure::Kind kind) {
  return kind == HttpFailure::Kind::kNotSent || kind == HttpFailure::Kind::kBrokenOff;
}

milliseconds jittered(milliseconds wait) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return wait / 2 + milliseconds(std::uniform_int_distribution<milliseconds::rep>(
                        0, (wait - wait / 2).count())(random));
}

// What Retry-After says in seconds; a date is not worth its parser.
milliseconds asked_wait(const HttpResponse& response) {
  const std::string_view text = response.header("retry-after");
  long seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool valid = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  return std::chrono::seconds(valid ? std::clamp(seconds, 0L, 86'400L) : 0);
}

void wait(const RetryPolicy& policy, int attempt, milliseconds asked) {
  milliseconds time = policy.first_wait;
  for (int i = 1; i < attempt && time < policy.max_wait; ++i) time *= 2;
  time = jittered(std::min(time, policy.max_wait));
  time = std::max(time, std::min<milliseconds>(asked, policy.max_retry_after));
  policy.sleep ? policy.sleep(time) : std::this_thread::sleep_for(time);
}

}  // namespace

void wait_before_retry(const RetryPolicy& policy, int attempt) {
  wait(policy, attempt, milliseconds(0));
}

HttpResponse with_retries(const RetryPolicy& policy, const std::function<HttpResponse()>& attempt) {
  return with_retries(policy, attempt, [] { return false; });
}

HttpResponse with_retries(const RetryPolicy& policy, const std::function<HttpResponse()>& attempt,
                          const std::function<bool()>& moved_on) {
  auto start = std::chrono::steady_clock::now();
  for (int number = 1;; ++number) {
    const auto is_last = [&] {
      if (moved_on()) {
        number = 0;
        start = std::chrono::steady_clock::now();
      }
      return number >= policy.attempts || std::chrono::steady_clock::now() - start >= policy.total;
    };
    milliseconds asked{0};
    try {
      HttpResponse response = attempt();
      if (!may_retry(response.status) || is_last()) return response;
      asked = asked_wait(response);
    } catch (const HttpFailure& failure) {
      if (!may_retry(failure.kind()) || is_last()) throw;
    }
    wait(policy, number, asked);
  }
}

}  // namespace pet
