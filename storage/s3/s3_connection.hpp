// S3Connection: signed requests to one bucket, and what its answers mean. (Inside storage/s3 only.)
//
// Threads: any.
// Throws:  kStorageUnreachable when nobody answers, or not as S3 does; kStorageRefused for the rest, with
//          what to do about it; kUsage for credentials that are none. What a sink of a Download throws.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base_storage.hpp"
#include "storage/error.hpp"
#include "storage/http/download.hpp"
#include "storage/http/http_client.hpp"
#include "storage/http/retry.hpp"
#include "storage/once_flight.hpp"
#include "storage/s3/credential_chain.hpp"
#include "storage/s3/s3_place.hpp"
#include "storage/s3/s3_settings.hpp"

namespace pet {

struct S3Call {
  std::string method = "GET";
  std::string_view key = {};  // empty: the bucket
  std::vector<std::pair<std::string, std::string>> query = {};
  HttpHeaders headers = {};
  std::string_view body = {};
  std::uint64_t max_body = std::uint64_t{1} << 30;
  bool stop_at_max = false;
  std::uint64_t skip = 0;
  Download* download = nullptr;  // where the body of a success goes, if not into the answer
  std::function<void(std::uint64_t bytes)> on_sent = {};  // as of an HttpRequest
};

struct S3ListPage {
  std::vector<ListedObject> objects = {};  // with keys as the bucket has them, decoded
  std::string next = {};                   // continuation token; empty: this was the last page
  std::string last = {};    // the greatest key up to here: the next page's are greater
  int without_objects = 0;  // so many pages in a row
};

class S3Connection {
 public:
  S3Connection(S3Settings settings, HttpOptions http, RetryPolicy retry);

  const S3Settings& settings() const noexcept { return settings_; }
  const RetryPolicy& retry() const noexcept { return retry_; }
  std::optional<std::chrono::seconds> clock_skew() const { return http_.clock_skew(); }

  // The answer, whatever it is, after retries, and asked again in the region that the server names or
  // with new credentials in place of those that have expired. Throws kStorageUnreachable or kStorageRefused (the
  // server's certificate) when there is none.
  HttpResponse call(const S3Call& call);

  // The same of a bucket that is known to be there: open() comes first.
  HttpResponse ask(const S3Call& call);

  // Nothing for a key that is absent. Throws for every other answer that is no success.
  std::optional<HttpResponse> find(const S3Call& call);

  // Throws what an answer that is no success means; a 404 of a key is for the caller.
  [[noreturn]] void refuse(const S3Call& call, const HttpResponse& response);

  // Whether an answer is a success of S3's own: 200 or 204 is also what a proxy's page has.
  static bool is_success(const S3Call& call, const HttpResponse& response);

  // Whether a 404 says that the key is absent, of a bucket that is there.
  bool is_absent(const S3Call& call, const HttpResponse& response);

  // Lists once, before anything else is asked. Again when it failed. Any other list is as good.
  void open();

  // What comes after the page `before`; of the first page that has only `last`, after which it begins, or nothing.
  S3ListPage list_page(const std::string& prefix, const S3ListPage& before, std::size_t limit);

 private:
  S3ListPage page_in(const S3Call& call, const HttpResponse& response, const std::string& prefix,
                     const S3ListPage& before) const;
  HttpResponse attempt(const S3Call& call, const S3Place& place, const S3Credentials& credentials,
                       const HttpHeaders& range);
  std::shared_ptr<const S3Place> place() const;
  bool move_to_region(const S3Place& asked, const HttpResponse& response);
  S3Credentials credentials(const S3Call& call);
  void ask_why(const S3Call& call, HttpResponse& refusal);
  bool has_renewed(const S3Call& call, const S3Credentials& refused, const HttpResponse& response);
  Error about(ErrorCode code, const S3Call& call, const std::string& what) const;

  S3Settings settings_;
  HttpClient http_;
  RetryPolicy retry_;
  CredentialChain credentials_;
  mutable std::mutex place_mutex_;
  std::shared_ptr<const S3Place> place_;
  OnceFlight opening_;
};

}  // namespace pet
