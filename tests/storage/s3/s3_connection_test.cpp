// S3Storage where the bucket is in another region than was asked, and where credentials expire: the
// answers are those that Amazon documents.
#include <map>
#include <mutex>

#include "storage/s3/s3_storage.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/s3/clean_environment.hpp"
#include "tests/storage/s3/credential_agent.hpp"

namespace pet::test {
namespace {

using Client = ScriptedServer::Client;

constexpr char kEmptyList[] =
    "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
constexpr char kObject[] = "ETag: \"1\"\r\n";

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t at = text.find(begin);
  if (at == std::string::npos) return "";
  const std::size_t from = at + begin.size();
  return text.substr(from, text.find(end, from) - from);
}

// A server of S3 that says how it was asked, and has one object everywhere.
class Server {
 public:
  // Whether the request was answered, instead of with success.
  using Refusal = std::function<bool(Client&, const std::string& request)>;
  explicit Server(Refusal refusal) : refusal_(std::move(refusal)) {}

  std::string url() const { return server_.url(); }
  int requests() {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(asked_.size());
  }
  // "GET s3.eu-west-1.amazonaws.com for eu-west-1 as key-1"
  std::string last() {
    const std::lock_guard lock(mutex_);
    return asked_.empty() ? "" : asked_.back();
  }
  static std::string region(const std::string& request) {
    const std::string scope = between(request, "Credential=", ",");
    return between(scope.substr(scope.find('/') + 1), "/", "/");
  }
  static std::string key(const std::string& request) {
    return between(request, "Credential=", "/");
  }

 private:
  void serve(Client& client) {
    const std::string request = client.request();
    if (request.empty()) return;
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(request.substr(0, request.find(' ')) + " " +
                       between(request, "Host: ", "\r") + " for " + region(request) + " as " +
                       key(request));
    }
    if (refusal_(client, request)) return;
    const bool is_list = request.find("list-type") < request.find("\r\n");
    if (is_list) return client.answer(200, kEmptyList);
    if (request.starts_with("HEAD")) {
      client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + std::string(kObject) + "\r\n");
      return;
    }
    client.answer(200, request.starts_with("PUT") ? "" : "bytes", kObject);
  }

  Refusal refusal_;
  std::mutex mutex_;
  std::vector<std::string> asked_;
  ScriptedServer server_{[this](Client& client) { serve(client); }};
};

void use_key() {
  setenv("AWS_ACCESS_KEY_ID", "key-0", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
}

S3Storage storage_of(S3Settings settings) {
  return S3Storage(std::move(settings), {}, {.attempts = 2, .sleep = [](auto) {}});
}

S3Storage storage_on(const Server& server) {
  return storage_of(S3Settings::from_url("s3://pets?endpoint=" + server.url()));
}

std::string host_of(const Server& server) { return server.url().substr(7); }

// Amazon's answers for a bucket in eu-west-1.
struct Elsewhere {
  int status;
  std::string body;
  std::string headers;
};
const std::vector<Elsewhere> kElsewhere{
    {301, "<Error><Code>PermanentRedirect</Code><Endpoint>evil.example</Endpoint></Error>",
     "x-amz-bucket-region: eu-west-1\r\nLocation: http://127.0.0.1:9/\r\n"},
    {307, "<Error><Code>TemporaryRedirect</Code><Endpoint>evil.example</Endpoint></Error>",
     "x-amz-bucket-region: eu-west-1\r\nLocation: http://127.0.0.1:9/\r\n"},
    {400,
     "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region is wrong</Message>"
     "<Region>eu-west-1</Region></Error>",
     ""},
};

}  // namespace

TEST_CASE("a bucket in another region is asked there, by whom it was asked before", "[s3]") {
  const CleanEnvironment clean;
  use_key();
  for (const Elsewhere& answer : kElsewhere) {
    CAPTURE(answer.status);
    Server server([&](Client& client, const std::string& request) {
      if (Server::region(request) == "eu-west-1") return false;
      client.answer(answer.status, answer.body, answer.headers);
      return true;
    });
    S3Storage storage = storage_on(server);
    CHECK(storage.get("a") == "bytes");
    // The same server, and once for all.
    CHECK(server.last() == "GET " + host_of(server) + " for eu-west-1 as key-0");
    CHECK(server.requests() == 3);
    storage.put("a", "bytes");
    CHECK(server.requests() == 4);
  }
}

TEST_CASE("of Amazon's own hosts the region's is asked, and no other", "[s3]") {
  const CleanEnvironment clean;
  use_key();
  for (const bool in_path : {false, true}) {
    for (const Elsewhere& answer : kElsewhere) {
      CAPTURE(in_path, answer.status);
      Server proxy([&](Client& client, const std::string& request) {
        if (Server::region(request) == "eu-west-1") return false;
        client.answer(answer.status, answer.body, answer.headers);
        return true;
      });
      // Amazon's hosts over a proxy, without TLS, which a test cannot have for them.
      S3Settings settings = S3Settings::from_url("s3://pets");
      settings.endpoint.replace(0, 5, "http");
      settings.in_path = in_path;
      setenv("http_proxy", proxy.url().c_str(), 1);
      S3Storage storage = storage_of(settings);
      const std::optional<std::string> got = storage.get("a");
      unsetenv("http_proxy");
      CHECK(got == "bytes");
      CHECK(proxy.last() == std::string("GET ") + (in_path ? "" : "pets.") +
                                "s3.eu-west-1.amazonaws.com for eu-west-1 as key-0");
      CHECK(proxy.requests() == 3);
    }
  }
}

TEST_CASE("regions that lead nowhere are refused, not followed for ever", "[s3]") {
  const CleanEnvironment clean;
  use_key();
  SECTION("each region names the other") {
    Server server([](Client& client, const std::string& request) {
      const bool is_a = Server::region(request) == "region-a";
      client.answer(
          301, "",
          is_a ? "x-amz-bucket-region: region-b\r\n" : "x-amz-bucket-region: region-a\r\n");
      return true;
    });
    S3Storage storage = storage_on(server);
    CHECK_THROWS_MATCHES(storage.get("a"), Error,
                         fails(ErrorCode::kStorageRefused,
                               {"the bucket is in the region region-b", "try: ?region=region-b"}));
    CHECK(server.requests() == 2);
  }
  SECTION("what is no region's name") {
    Server server([](Client& client, const std::string&) {
      client.answer(301, "", "x-amz-bucket-region: evil.example/\r\n");
      return true;
    });
    S3Storage storage = storage_on(server);
    CHECK_THROWS_MATCHES(storage.get("a"), Error,
                         fails(ErrorCode::kStorageRefused, {"unexpected answer: 301", "try: "}));
    CHECK(server.requests() == 1);
  }
}

TEST_CASE("credentials that a server calls expired are asked for again, once", "[s3]") {
  const CleanEnvironment clean;
  CredentialAgent agent;
  agent.announce();
  std::string expired = "key-1";
  Server server([&](Client& client, const std::string& request) {
    if (Server::key(request) != expired && expired != "all") return false;
    client.answer(400,
                  request.starts_with("HEAD") ? "" : "<Error><Code>ExpiredToken</Code></Error>");
    return true;
  });
  S3Storage storage = storage_on(server);
  CHECK(storage.get("a") == "bytes");
  CHECK(agent.requests() == 2);
  expired = "key-2";
  CHECK(storage.head("a")->size == 5);  // whose answer has no body that would say so
  CHECK(agent.requests() == 3);
  expired = "key-3";
  storage.put("a", "bytes");
  CHECK(server.last() == "PUT " + host_of(server) + " for us-east-1 as key-4");
  CHECK(agent.requests() == 4);
  expired = "all";
  CHECK_THROWS_MATCHES(storage.get("a"), Error,
                       fails(ErrorCode::kStorageRefused,
                             {"s3://pets?endpoint=", "ExpiredToken: the session token has expired",
                              "try: new temporary credentials"}));
  CHECK(agent.requests() == 5);
}

TEST_CASE("why a question without an answer's body was refused is found out", "[s3]") {
  const CleanEnvironment clean;
  use_key();
  bool is_known = true;
  Server server([&](Client& client, const std::string& request) {
    if (is_known) return false;
    client.answer(
        403, request.starts_with("HEAD") ? "" : "<Error><Code>InvalidAccessKeyId</Code></Error>");
    return true;
  });
  S3Storage storage = storage_on(server);
  CHECK(storage.head("a")->size == 5);
  is_known = false;
  CHECK_THROWS_MATCHES(storage.head("a"), Error,
                       fails(ErrorCode::kStorageRefused,
                             {"HEAD 'a': 403 InvalidAccessKeyId: the credentials are wrong"}));
}

TEST_CASE("what a question about an object alone is refused for are the rights", "[s3]") {
  const CleanEnvironment clean;
  use_key();
  Server server([](Client& client, const std::string& request) {
    if (!request.starts_with("HEAD")) return false;
    client.answer(403, "");
    return true;
  });
  CHECK_THROWS_MATCHES(
      storage_on(server).head("a"), Error,
      fails(ErrorCode::kStorageRefused, {"HEAD 'a': 403: the credentials' rights do not reach"}));
}

TEST_CASE("credentials that cannot be had are said with the storage's URL", "[s3]") {
  const CleanEnvironment clean;
  CredentialAgent agent([](Client& client, const std::string&, int) { client.answer(403, ""); });
  agent.announce();
  Server server([](Client&, const std::string&) { return false; });
  S3Storage storage = storage_on(server);
  CHECK_THROWS_MATCHES(
      storage.get("a"), Error,
      fails(ErrorCode::kStorageRefused,
            {"s3://pets?endpoint=" + server.url() + ": the container's credentials",
             "the agent does not take the token", "try: "}));
  CHECK(server.requests() == 0);
}

}  // namespace pet::test
