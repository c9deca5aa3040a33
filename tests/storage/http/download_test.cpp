// Downloads that break off: they go on where the server allows it, and never mix two objects.
#include "storage/http/download.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <vector>

#include "storage/http/http_storage.hpp"
#include "storage/s3/s3_storage.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/http/scripted_server.hpp"
#include "tests/storage/recording_sink.hpp"

namespace pet::test {
namespace {

using Client = ScriptedServer::Client;

constexpr std::size_t kMebibyte = std::size_t{1} << 20;
constexpr char kList[] =
    "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";

std::string varied(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 8));
  return bytes;
}

std::string header_in(const std::string& request, const std::string& name) {
  const std::size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return request.substr(begin, request.find("\r\n", begin) - begin);
}

// One object, sent with breaks; and how it was asked for.
struct Site {
  std::string bytes = varied(5 * kMebibyte);
  std::string etag = "\"one\"";
  std::vector<std::size_t> breaks_after;  // bytes of the body, request by request
  std::function<void()> after_break = [] {};
  bool knows_ranges = true;
  bool minds_conditions = true;
  std::vector<std::string> requests = {};

  ScriptedServer server{[this](Client& client) { answer(client); }};

  void answer(Client& client) {
    const std::string request = client.request();
    if (request.empty()) return;
    if (request.find("list-type") != std::string::npos) return client.answer(200, kList);
    const std::size_t number = requests.size();
    requests.push_back(request);
    const std::string range = header_in(request, "Range");
    const std::string if_match = header_in(request, "If-Match");
    const std::string if_range = header_in(request, "If-Range");
    if (minds_conditions && !if_match.empty() && if_match != etag) return client.answer(412, "");
    const bool is_other = minds_conditions && !if_range.empty() && if_range != etag;
    std::size_t from = 0;
    if (!range.empty() && knows_ranges && !is_other) from = std::stoul(range.substr(6));
    const std::string size = std::to_string(bytes.size());
    std::string head = from == 0 ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 206 Part\r\n";
    head += "ETag: " + etag + "\r\nContent-Length: " + std::to_string(bytes.size() - from) + "\r\n";
    if (from > 0) {
      head += "Content-Range: bytes " + std::to_string(from) + "-" +
              std::to_string(bytes.size() - 1) + "/" + size + "\r\n";
    }
    client.send(head + "\r\n");
    if (number >= breaks_after.size()) {
      client.send(std::string_view(bytes).substr(from));
      return;
    }
    client.send(std::string_view(bytes).substr(from, breaks_after[number]));
    client.close();
    after_break();
  }

  HttpStorage mirror() { return HttpStorage(server.url(), {}, retry()); }
  S3Storage bucket() {
    setenv("AWS_ACCESS_KEY_ID", "key", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-seen", 1);
    return S3Storage(S3Settings::from_url("s3://pets?endpoint=" + server.url()), {}, retry());
  }
  static RetryPolicy retry() {
    return {.attempts = 2, .sleep = [](auto) {}};
  }
};

constexpr char kKey[] = "plugins/A/object.so";

}  // namespace

TEST_CASE("a transfer that breaks off goes on where it stopped", "[http][download]") {
  Site site{.breaks_after = {3 * kMebibyte}};
  RecordingSink sink;
  std::string condition;
  SECTION("of a mirror, with If-Range") {
    CHECK(site.mirror().read(kKey, sink));
    condition = "If-Range";
  }
  SECTION("of a bucket, with If-Match") {
    CHECK(site.bucket().read(kKey, sink));
    condition = "If-Match";
  }
  CHECK((sink.bytes == site.bytes));
  CHECK(sink.begun == std::vector<std::optional<std::uint64_t>>{site.bytes.size()});
  REQUIRE(site.requests.size() == 2);
  CHECK(header_in(site.requests[0], "Range").empty());
  CHECK(header_in(site.requests[1], "Range") == "bytes=" + std::to_string(3 * kMebibyte) + "-");
  CHECK(header_in(site.requests[1], condition) == "\"one\"");
}

TEST_CASE("a transfer may break off as often as it moves on", "[http][download]") {
  Site site{.breaks_after = std::vector<std::size_t>(4, kMebibyte)};
  RecordingSink sink;
  CHECK(site.mirror().read(kKey, sink));  // two attempts, by the policy
  CHECK((sink.bytes == site.bytes));
  CHECK(site.requests.size() == 5);

  Site stuck{.breaks_after = std::vector<std::size_t>(9, kMebibyte - 1)};
  CHECK_THROWS_MATCHES(stuck.mirror().read(kKey, sink), Error,
                       fails(ErrorCode::kStorageUnreachable, {stuck.server.url(), "no answer"}));
  CHECK(stuck.requests.size() == 2);
}

TEST_CASE("a transfer starts again where it cannot go on", "[http][download]") {
  Site site{.breaks_after = {3 * kMebibyte}};
  bool goes_on_asking = true;
  SECTION("the server knows no ranges") { site.knows_ranges = false; }
  SECTION("little has come") {
    site.breaks_after = {1000};
    goes_on_asking = false;
  }
  SECTION("the ETag is weak") {
    site.etag = "W/\"one\"";
    goes_on_asking = false;
  }
  RecordingSink sink;
  CHECK(site.mirror().read(kKey, sink));
  CHECK((sink.bytes == site.bytes));
  CHECK(sink.begun.size() == 2);
  REQUIRE(site.requests.size() == 2);
  CHECK(header_in(site.requests[1], "Range").empty() != goes_on_asking);
}

TEST_CASE("an object that changes during its transfer is never mixed with what it was",
          "[http][download]") {
  Site site{.breaks_after = {3 * kMebibyte}};
  site.after_break = [&] {
    site.bytes = std::string(4 * kMebibyte, 'n');
    site.etag = "\"two\"";
  };
  RecordingSink sink;
  SECTION("the server minds If-Range") { CHECK(site.mirror().read(kKey, sink)); }
  SECTION("the server minds If-Match") { CHECK(site.bucket().read(kKey, sink)); }
  SECTION("the server sends the other object's part all the same") {
    site.minds_conditions = false;
    CHECK(site.mirror().read(kKey, sink));
  }
  CHECK((sink.bytes == std::string(4 * kMebibyte, 'n')));
  CHECK(sink.begun.size() == 2);
}

TEST_CASE("a transfer that always breaks off, of an object that always changes, ends",
          "[http][download]") {
  Site site{.breaks_after = std::vector<std::size_t>(50, 2 * kMebibyte)};
  site.after_break = [&] { site.etag = "\"" + std::to_string(site.requests.size()) + "\""; };
  RecordingSink sink;
  CHECK_THROWS_MATCHES(site.bucket().read(kKey, sink), Error,
                       fails(ErrorCode::kStorageUnreachable, {"no answer"}));
  CHECK(site.requests.size() < 10);
}

TEST_CASE("an object that is gone when its transfer goes on is absent", "[http][download]") {
  int requests = 0;
  ScriptedServer server([&](Client& client) {
    const bool is_sign = client.request().starts_with("HEAD ");
    if (is_sign || ++requests > 1) return client.answer(is_sign ? 200 : 404, "");
    client.send("HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 3000000\r\n\r\n");
    client.send(varied(2'000'000));
    client.close();
  });
  RecordingSink sink;
  CHECK_FALSE(HttpStorage(server.url(), {}, Site::retry()).read(kKey, sink));
}

TEST_CASE("a body beyond the limit is refused, naming both sizes", "[http][download]") {
  RecordingSink sink;
  Site announced;
  CHECK_THROWS_MATCHES(announced.mirror().read(kKey, sink, 1000), Error,
                       fails(ErrorCode::kCorrupt, {kKey, announced.server.url(),
                                                   "has 5242880 bytes", "at most 1000 were"}));
  CHECK_THROWS_MATCHES(
      announced.bucket().read(kKey, sink, 1000), Error,
      fails(ErrorCode::kCorrupt, {kKey, "s3://pets", "has 5242880 bytes", "at most 1000 were"}));
  CHECK(sink.begun.empty());
  CHECK(announced.requests.size() == 2);  // nothing of it is tried again

  ScriptedServer endless([](Client& client) {
    client.request();
    client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (client.send("a\r\n0123456789\r\n")) {
    }
  });
  CHECK_THROWS_MATCHES(HttpStorage(endless.url()).read(kKey, sink, 1000), Error,
                       fails(ErrorCode::kCorrupt, {"has at least ", "at most 1000 were"}));
}

TEST_CASE("what a sink throws ends the transfer at once", "[http][download]") {
  Site site;
  RecordingSink sink;
  sink.fails_after = 2 * kMebibyte;
  CHECK_THROWS_MATCHES(site.mirror().read(kKey, sink), Error,
                       fails(ErrorCode::kStorageRefused, {"the sink is full"}));
  CHECK_THROWS_MATCHES(site.bucket().read(kKey, sink), Error,
                       fails(ErrorCode::kStorageRefused, {"the sink is full"}));
  CHECK(site.requests.size() == 2);
}

}  // namespace pet::test
