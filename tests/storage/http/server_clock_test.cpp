#include "storage/http/server_clock.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "storage/http/http_client.hpp"
#include "tests/storage/http/scripted_server.hpp"

namespace pet::test {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

HttpResponse dated(const std::string& date) { return {.status = 200, .headers = {{"date", date}}}; }

}  // namespace

TEST_CASE("a Date is read as RFC 9110 writes it, and nothing else is one", "[http]") {
  using namespace std::chrono_literals;
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") ==
        sys_days{std::chrono::November / 6 / 1994} + 8h + 49min + 37s);
  CHECK(parse_http_date("Thu, 29 Feb 2024 23:59:60 GMT") ==
        sys_days{std::chrono::March / 1 / 2024});
  for (const char* text : {"", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 -8:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:3x GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    CAPTURE(text);
    CHECK(parse_http_date(text) == std::nullopt);
  }
}

TEST_CASE("a clock is off by what no moment of the request explains", "[http]") {
  const sys_seconds noon = *parse_http_date("Sun, 06 Nov 1994 12:00:00 GMT");
  const struct {
    const char* date;
    seconds skew;
  } cases[] = {
      {"Sun, 06 Nov 1994 12:00:00 GMT", seconds(0)},  // as it was asked, cut to the second
      {"Sun, 06 Nov 1994 12:00:07 GMT", seconds(0)},
      {"Sun, 06 Nov 1994 12:00:10 GMT", seconds(0)},  // as it answered
      {"Sun, 06 Nov 1994 12:00:12 GMT", seconds(2)},
      {"Sun, 06 Nov 1994 11:59:59 GMT", seconds(-1)},
      {"Mon, 07 Nov 1994 12:00:10 GMT", seconds(86400)},
  };
  for (const auto& c : cases) {
    CAPTURE(c.date);
    ServerClock clock;
    clock.hear(dated(c.date), noon + std::chrono::milliseconds(900), noon + seconds(10));
    CHECK(clock.skew() == c.skew);
  }
}

TEST_CASE("a clock that nothing was heard of is not known", "[http]") {
  const sys_seconds noon = *parse_http_date("Sun, 06 Nov 1994 12:00:00 GMT");
  ServerClock clock;
  clock.hear(dated("yesterday"), noon, noon);
  clock.hear({.status = 200}, noon, noon);
  HttpResponse from_cache = dated("Sun, 06 Nov 1994 08:00:00 GMT");
  from_cache.headers.emplace_back("age", "14400");
  clock.hear(from_cache, noon, noon);
  CHECK(clock.skew() == std::nullopt);
}

TEST_CASE("a client hears the server's clock, of refusals too", "[http]") {
  ScriptedServer server([](ScriptedServer::Client& client) {
    client.request();
    client.answer(403, "", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  });
  HttpClient client;
  CHECK(client.clock_skew() == std::nullopt);
  CHECK(client.send({.url = server.url()}).status == 403);
  REQUIRE(client.clock_skew());
  CHECK(*client.clock_skew() < -std::chrono::years(20));
}

}  // namespace pet::test
