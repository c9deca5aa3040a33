// HttpStorage against servers that answer wrongly: nothing is taken for absent.
#include <catch2/catch.hpp>

#include "storage/http/http_storage.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/http/scripted_server.hpp"

namespace pet::test {
namespace {

using Client = ScriptedServer::Client;

HttpStorage mirror_on(const ScriptedServer& server) {
  return HttpStorage(server.url(), {}, {.attempts = 2, .sleep = [](auto) {}});
}

}  // namespace

TEST_CASE("a server that fails is no proof that a mirror is there", "[http]") {
  struct Case {
    int status;
    ErrorCode code;
  };
  for (const Case& c :
       {Case{503, ErrorCode::kStorageUnreachable}, Case{429, ErrorCode::kStorageUnreachable},
        Case{401, ErrorCode::kStorageRefused}, Case{404, ErrorCode::kStorageUnreachable}}) {
    CAPTURE(c.status);
    bool is_there = false;
    ScriptedServer server([&](Client& client) {
      const bool is_sign = client.request().starts_with("HEAD /");
      client.answer(!is_sign ? 404 : is_there ? 200 : c.status, "");
    });
    const HttpStorage storage = mirror_on(server);
    CHECK_THROWS_MATCHES(storage.get("plugins/A/latest.json"), Error, fails(c.code));
    is_there = true;
    CHECK(storage.get("plugins/A/latest.json") == std::nullopt);
  }
}

TEST_CASE("a folder that must not be listed is there", "[http]") {
  ScriptedServer server([](Client& client) {
    client.answer(client.request().starts_with("HEAD /plugins/ ") ? 403 : 404, "");
  });
  CHECK(mirror_on(server).get("plugins/A/latest.json") == std::nullopt);
}

TEST_CASE("a range of a mirror that sends the whole object is cut out of it", "[http]") {
  ScriptedServer server([](Client& client) {
    client.request();
    client.answer(200, "0123456789");
  });
  const HttpStorage storage = mirror_on(server);
  CHECK(storage.get_range("a", 2, 3) == "234");
  CHECK(storage.get_range("a", 8, 5) == "89");
  CHECK(storage.get_range("a", 20, 5) == "");
  CHECK(storage.get_range("a", 4, UINT64_MAX) == "456789");
}

TEST_CASE("a redirect leads to no other machine over http, and no secret of it is shown",
          "[http]") {
  std::string location;
  ScriptedServer server([&](Client& client) {
    client.request();
    client.send("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + "\r\n\r\n");
  });
  const HttpStorage storage = mirror_on(server);
  const auto [to, place] = GENERATE(table<std::string, std::string>(
      {{"http://u:secret@mirror.invalid/a?X-Signature=secret", "http://mirror.invalid:80"},
       {"ftp://u:secret@mirror.invalid/a?X-Signature=secret",
        "no URL of a server: ftp://mirror.invalid"},
       {"http://u:secret@[mirror/secret", "no URL of a server"}}));
  location = to;
  CHECK_THROWS_MATCHES(storage.get("a"), Error, fails(ErrorCode::kStorageRefused, {place}));
  try {
    storage.get("a");
  } catch (const Error& error) {
    CHECK_THAT(error.what(), !Catch::Contains("secret"));
  }
}

TEST_CASE("an answer to another question is none", "[http]") {
  std::string answer;
  ScriptedServer server([&](Client& client) {
    const bool is_head = client.request().starts_with("HEAD");
    client.send(is_head ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" : answer);
  });
  const HttpStorage storage = mirror_on(server);
  const auto is_unreachable = fails(ErrorCode::kStorageUnreachable);
  answer = "HTTP/1.1 206 Part\r\nContent-Length: 3\r\nContent-Range: bytes 7-9/10\r\n\r\n789";
  CHECK_THROWS_MATCHES(storage.get_range("a", 2, 3), Error, is_unreachable);
  // Fewer bytes than there are would look like the object's end.
  answer = "HTTP/1.1 206 Part\r\nContent-Length: 2\r\nContent-Range: bytes 2-3/10\r\n\r\n23";
  CHECK_THROWS_MATCHES(storage.get_range("a", 2, 3), Error, is_unreachable);
  answer = "HTTP/1.1 416 Beyond\r\nContent-Length: 0\r\n\r\n";
  CHECK_THROWS_MATCHES(storage.get_range("a", 2, 3), Error, is_unreachable);
  CHECK(storage.get_range("a", 10, 3) == "");
  answer = "HTTP/1.1 304 Not Modified\r\n\r\n";
  CHECK_THROWS_MATCHES(storage.get_range("a", 2, 3), Error, is_unreachable);
  CHECK_THROWS_AS(storage.get("a.json"), Error);
  answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nlogin";
  CHECK_THROWS_MATCHES(storage.get("a.json"), Error, is_unreachable);
}

}  // namespace pet::test
