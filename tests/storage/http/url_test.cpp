#include "storage/http/url.hpp"

#include <catch2/catch.hpp>

namespace pet::test {

TEST_CASE("a URL is taken apart as libcurl reads it", "[http]") {
  struct Case {
    const char* text;
    const char* scheme;
    const char* host;
    const char* port;
    bool has_user;
  };
  for (const Case& c : {
           Case{"https://Pets.Example/a", "https", "pets.example", "443", false},
           Case{"HTTP://localhost:8080", "http", "localhost", "8080", false},
           Case{"http://[::1]/", "http", "[::1]", "80", false},
           Case{"https://ann@host/", "https", "host", "443", true},
           Case{"https://:word@host/", "https", "host", "443", true},
           Case{"http://127.0.0.1#@evil.example/", "http", "127.0.0.1", "80", false},
           Case{"http://127.0.0.1?@evil.example/", "http", "127.0.0.1", "80", false},
           Case{"http://127.0.0.1@evil.example/", "http", "evil.example", "80", true},
           Case{"ftp://host/", "ftp", "host", "21", false},
       }) {
    CAPTURE(c.text);
    const std::optional<Url> url = Url::parse(c.text);
    REQUIRE(url);
    CHECK(url->scheme == c.scheme);
    CHECK(url->host == c.host);
    CHECK(url->port == c.port);
    CHECK(url->has_user == c.has_user);
    CHECK(url->text == c.text);
  }
}

TEST_CASE("what is no URL with a scheme is none", "[http]") {
  for (const std::string& text :
       {std::string(), std::string("host/a"), std::string("/a"), std::string("https://"),
        std::string("https://ho st/"), std::string("https://host:99999/"),
        std::string("https://host/\0", 14)}) {
    CAPTURE(text);
    CHECK_FALSE(Url::parse(text));
  }
}

TEST_CASE("loopback is this machine, and what only looks like it is not", "[http]") {
  for (const char* host : {"localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "[::1]"}) {
    CAPTURE(host);
    CHECK(Url::parse("http://" + std::string(host) + "/")->is_loopback());
  }
  for (const char* host : {"127.0.0.1.evil.example", "localhost.evil.example", "128.0.0.1", "[::2]",
                           "169.254.170.2", "localhost@evil.example"}) {
    CAPTURE(host);
    CHECK_FALSE(Url::parse("http://" + std::string(host) + "/")->is_loopback());
  }
}

TEST_CASE("the same origin is scheme, host and port", "[http]") {
  const Url home = *Url::parse("https://host/a");
  CHECK(home.same_origin(*Url::parse("https://HOST:443/b")));
  for (const char* other : {"http://host/a", "https://host:444/a", "https://host.evil/a"}) {
    CAPTURE(other);
    CHECK_FALSE(home.same_origin(*Url::parse(other)));
  }
}

TEST_CASE("a link leads from the page where it stands", "[http]") {
  const Url page = *Url::parse("https://host/a/b");
  CHECK(page.resolve("c") == "https://host/a/c");
  CHECK(page.resolve("/c") == "https://host/c");
  CHECK(page.resolve("../c") == "https://host/c");
  CHECK(page.resolve("//other/c") == "https://other/c");
  CHECK(page.resolve("http://other/c") == "http://other/c");
  CHECK(page.resolve("") == std::nullopt);
  CHECK(page.resolve(std::string_view("a\0b", 3)) == std::nullopt);
}

}  // namespace pet::test
