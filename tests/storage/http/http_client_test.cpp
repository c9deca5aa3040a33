#include "storage/http/http_client.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <optional>
#include <thread>

#include "storage/http/retry.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/http/scripted_server.hpp"

namespace pet::test {
namespace {

using Client = ScriptedServer::Client;
using Kind = HttpFailure::Kind;
using std::chrono::milliseconds;

// How sending fails; nothing when it does not.
std::optional<Kind> failure_of(const HttpRequest& request, const HttpOptions& options = {}) {
  HttpClient client(options);
  try {
    client.send(request);
  } catch (const HttpFailure& failure) {
    return failure.kind();
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("a request arrives as it was given, and its answer comes back", "[http]") {
  std::string seen;
  ScriptedServer server([&](Client& client) {
    seen = client.request();
    client.answer(201, std::string("a\0b", 3), "ETag: \"x\"\r\nX-Two:  words here \r\n");
  });
  HttpClient client;
  const HttpResponse response = client.send({.method = "PUT",
                                             .url = server.url() + "/a%20b?c=d",
                                             .headers = {{"X-Given", "1"}, {"X-Empty", ""}},
                                             .body = "hello"});
  CHECK(response.status == 201);
  CHECK(response.body == std::string("a\0b", 3));
  CHECK(response.header("etag") == "\"x\"");
  CHECK(response.header("x-two") == "words here");
  CHECK(response.header("x-three").empty());
  CHECK(seen.starts_with("PUT /a%20b?c=d HTTP/1.1\r\n"));
  CHECK_THAT(seen, Catch::Matchers::Contains("X-Given: 1\r\n"));
  CHECK_THAT(seen, Catch::Matchers::Contains("X-Empty:\r\n"));
  CHECK_THAT(seen, !Catch::Matchers::Contains("Expect"));
  CHECK_THAT(seen, !Catch::Matchers::Contains("Transfer-Encoding"));
  CHECK_THAT(seen, Catch::Matchers::EndsWith("\r\n\r\nhello"));
}

TEST_CASE("connections are used again", "[http]") {
  ScriptedServer server([](Client& client) {
    client.request();
    client.answer(200, "ok");
  });
  HttpClient client;
  for (int i = 0; i < 5; ++i) CHECK(client.send({.url = server.url()}).body == "ok");
  CHECK(server.connections() == 1);
}

TEST_CASE("a redirect is an answer, and is not followed", "[http]") {
  ScriptedServer server([](Client& client) {
    client.request();
    client.answer(302, "", "Location: file:///etc/passwd\r\n");
  });
  HttpClient client;
  const HttpResponse response = client.send({.url = server.url()});
  CHECK(response.status == 302);
  CHECK(response.body.empty());
}

TEST_CASE("an answer that ends early at any byte is none", "[http]") {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  for (const bool resets : {false, true}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size, resets);
      ScriptedServer server([&](Client& client) {
        client.request();
        client.send(whole.substr(0, size));
        resets ? client.reset() : client.close();
      });
      CHECK(failure_of({.url = server.url()}) == Kind::kBrokenOff);
    }
  }
}

TEST_CASE("a body is bounded, and so is its head", "[http]") {
  ScriptedServer endless([](Client& client) {
    client.request();
    client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (client.send("a\r\n0123456789\r\n")) {
    }
  });
  CHECK(failure_of({.url = endless.url(), .max_body = 1'000'000}) == Kind::kTooLarge);
  HttpClient client;
  CHECK(client.send({.url = endless.url(), .max_body = 25, .stop_at_max = true}).body ==
        "0123456789012345678901234");
  // What is skipped is held nowhere.
  const std::string far =
      client.send({.url = endless.url(), .max_body = 4, .stop_at_max = true, .skip = 1'000'003})
          .body;
  CHECK(far == "3456");
  CHECK(far.capacity() < 1000);

  ScriptedServer exact([](Client& peer) {
    peer.request();
    peer.answer(200, "12345");
  });
  CHECK(client.send({.url = exact.url(), .max_body = 5}).body == "12345");
  CHECK(client.send({.url = exact.url(), .max_body = 3, .skip = 2}).body == "345");
  CHECK(client.send({.url = exact.url(), .max_body = 2, .stop_at_max = true, .skip = 1}).body ==
        "23");
  CHECK(client.send({.url = exact.url(), .max_body = 2, .skip = 9}).body.empty());
  CHECK(failure_of({.url = exact.url(), .max_body = 4}) == Kind::kTooLarge);
  CHECK(failure_of({.url = exact.url(), .max_body = 0}) == Kind::kTooLarge);

  ScriptedServer headers([](Client& peer) {
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\n");
    while (peer.send("X-More: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  CHECK(failure_of({.url = headers.url()}) == Kind::kBrokenOff);
}

TEST_CASE("what is no success is read as far as it says anything", "[http]") {
  ScriptedServer server([](Client& client) {
    client.request();
    client.send("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "1000\r\n" + std::string(4096, 'x') + "\r\n";
    while (client.send(chunk)) {
    }
  });
  HttpClient client;
  const HttpResponse response = client.send({.url = server.url(), .max_body = 5});
  CHECK(response.status == 404);
  CHECK(response.body.size() == 65'536);
}

TEST_CASE("an answer without an end of its own is none", "[http]") {
  ScriptedServer server([](Client& client) {
    client.request();
    client.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf an obj");
    client.close();
  });
  CHECK(failure_of({.url = server.url()}) == Kind::kBrokenOff);
}

TEST_CASE("what speaks no HTTP has no answer", "[http]") {
  ScriptedServer server([](Client& client) {
    client.request();
    client.send("SSH-2.0-OpenSSH_9.2\r\n");
    client.close();
  });
  CHECK(failure_of({.url = server.url()}) == Kind::kBrokenOff);
}

TEST_CASE("a header with a line break is not sent", "[http]") {
  HttpClient client;
  for (const char* value : {"a\r\nX-Evil: 1", "a\nb", "a\r"}) {
    CHECK_THROWS_MATCHES(client.send({.url = "http://127.0.0.1:9", .headers = {{"X-A", value}}}),
                         Error,
                         fails(ErrorCode::kUsage, {"a header would have a line break in it: X-A"}));
  }
}

TEST_CASE("a forked process does not use its parent's connections", "[http]") {
  ScriptedServer server([](Client& client) {
    const std::string request = client.request();
    client.answer(200, request.substr(4, request.find(' ', 4) - 4));
  });
  HttpClient client;
  CHECK(client.send({.url = server.url() + "/before"}).body == "/before");
  const pid_t child = ::fork();
  if (child == 0) {
    bool right = true;
    for (int i = 0; i < 20; ++i) {
      const std::string path = "/child" + std::to_string(i);
      right = right && client.send({.url = server.url() + path}).body == path;
    }
    ::_exit(right ? 0 : 1);
  }
  for (int i = 0; i < 20; ++i) {
    const std::string path = "/parent" + std::to_string(i);
    CHECK(client.send({.url = server.url() + path}).body == path);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(server.connections() == 2);
}

TEST_CASE("more bytes than were announced are not the body's", "[http]") {
  ScriptedServer server([](Client& client) {
    client.request();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more");
    client.close();
  });
  HttpClient client;
  CHECK(client.send({.url = server.url()}).body == "ok");
}

TEST_CASE("who dawdles is given up", "[http]") {
  ScriptedServer server([&](Client& client) {
    client.request();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (client.send("x")) std::this_thread::sleep_for(milliseconds(50));
  });
  CHECK(failure_of({.url = server.url()}, {.stall = std::chrono::seconds(1)}) == Kind::kBrokenOff);
  CHECK(failure_of({.url = server.url()}, {.deadline = std::chrono::seconds(1)}) ==
        Kind::kBrokenOff);
}

TEST_CASE("where nobody listens nothing was sent", "[http]") {
  CHECK(failure_of({.url = "http://127.0.0.1:9"}) == Kind::kNotSent);
  CHECK(failure_of({.url = "http://no-such-host.invalid"}) == Kind::kNotSent);
  HttpClient client;
  CHECK_THROWS_MATCHES(client.send({.url = "file:///etc/passwd"}), Error,
                       fails(ErrorCode::kUsage, {"not a URL of a server"}));
  CHECK_THROWS_MATCHES(client.send({.url = "http://["}), Error, fails(ErrorCode::kUsage));
}

TEST_CASE("what may be asked again is asked again, later each time", "[http]") {
  std::vector<milliseconds> waits;
  RetryPolicy policy{.attempts = 5};
  policy.sleep = [&](milliseconds wait) { waits.push_back(wait); };
  const auto answering = [](std::vector<long> statuses) {
    return [statuses, next = std::size_t{0}]() mutable {
      const long status = statuses[std::min(next++, statuses.size() - 1)];
      if (status < 0) throw HttpFailure(static_cast<Kind>(-status - 1), "scripted");
      return HttpResponse{.status = status};
    };
  };
  SECTION("until it succeeds") {
    CHECK(with_retries(policy, answering({503, 500, 200})).status == 200);
    REQUIRE(waits.size() == 2);
    CHECK((waits[0] >= milliseconds(50) && waits[0] <= milliseconds(100)));
    CHECK((waits[1] >= milliseconds(100) && waits[1] <= milliseconds(200)));
  }
  SECTION("not what will not change") {
    for (const long status : {200L, 301L, 400L, 403L, 404L, 412L, 501L}) {
      CHECK(with_retries(policy, answering({status})).status == status);
    }
    CHECK(waits.empty());
  }
  SECTION("not for ever") {
    CHECK(with_retries(policy, answering({503})).status == 503);
    CHECK(waits.size() == 4);
  }
  SECTION("when there was no answer") {
    const long not_sent = -1 - static_cast<long>(Kind::kNotSent);
    const long broken_off = -1 - static_cast<long>(Kind::kBrokenOff);
    CHECK(with_retries(policy, answering({not_sent, 200})).status == 200);
    CHECK(with_retries(policy, answering({broken_off, not_sent, 412})).status == 412);
    CHECK_THROWS_AS(with_retries(policy, answering({broken_off})), HttpFailure);
    const std::size_t before = waits.size();
    const long untrusted = -1 - static_cast<long>(Kind::kUntrusted);
    CHECK_THROWS_AS(with_retries(policy, answering({untrusted})), HttpFailure);
    CHECK(waits.size() == before);
  }
  SECTION("as late as the server asks, within bounds") {
    for (const auto& [asked, at_least, at_most] :
         {std::tuple{"2", 2'000, 2'000}, std::tuple{"999999999", 30'000, 30'000},
          std::tuple{"-5", 50, 100}, std::tuple{"Wed, 21 Oct", 50, 100}}) {
      waits.clear();
      int calls = 0;
      with_retries(policy, [&, asked = asked] {
        return calls++ == 0 ? HttpResponse{.status = 429, .headers = {{"retry-after", asked}}}
                            : HttpResponse{.status = 200};
      });
      REQUIRE(waits.size() == 1);
      CHECK((waits[0] >= milliseconds(at_least) && waits[0] <= milliseconds(at_most)));
    }
  }
}

}  // namespace pet::test
