// A pusher to the real S3 server that dies between any two requests: the next one completes its push.
#include <catch2/catch.hpp>

#include "tests/core/registry/pushes.hpp"
#include "tests/storage/http/dying_proxy.hpp"
#include "tests/storage/s3/real_s3.hpp"

namespace pet::test {

TEST_CASE("a push that dies between any two requests to S3 is completed by the next one", "[s3]") {
  make_bucket("dying");
  DyingProxy proxy;
  const RegistryOptions options{.by = "ann@build7"};
  const HttpOptions direct{.use_proxy = false};
  const std::vector<PushItem> items{item("A", "new"), item("B", "new")};
  bool clean = false;
  for (std::uint64_t requests = 0; !clean; ++requests) {
    REQUIRE(requests < 100);
    INFO("let through: " << requests);
    const S3Settings settings = S3Settings::from_url("s3://dying/" + std::to_string(requests));
    const auto storage = std::make_shared<S3Storage>(settings, direct);
    Registry(storage, options).push(item("B", "old"));
    {
      const Environment by("http_proxy", proxy.url());
      proxy.let_through(requests);
      const auto dying =
          std::make_shared<S3Storage>(settings, HttpOptions{}, RetryPolicy{.attempts = 1});
      Registry pusher(dying, options);
      for (const PushOutcome& outcome : pusher.push_many(items)) {
        if (outcome.error) CHECK(outcome.error->code() == ErrorCode::kStorageUnreachable);
      }
    }
    clean = proxy.requests() <= requests;
    for (const char* name : {"A", "B"}) check_sound(Registry(storage, options), *storage, name);

    const auto next = std::make_shared<S3Storage>(settings, direct);
    Registry again(next, options);
    for (const PushOutcome& outcome : again.push_many(items)) CHECK(outcome.result);
    check_complete(Registry(next, options), *next, "A", 1);
    check_complete(Registry(next, options), *next, "B", 2);
  }
}

}  // namespace pet::test
