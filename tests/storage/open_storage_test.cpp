#include "storage/open_storage.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <vector>

#include "tests/storage/error_matcher.hpp"
#include "tests/storage/whole_check.hpp"

namespace pet::test {

TEST_CASE("a URL or a path opens the storage that it names", "[storage]") {
  const std::string here = std::filesystem::current_path().string();
  struct Case {
    std::string url, describes;
  };
  const std::vector<Case> cases{
      {"memory:", "memory:"},
      {"file:///srv/pets", "file:///srv/pets"},
      {"FILE:///srv/pets", "file:///srv/pets"},
      {"file:///srv/pets/", "file:///srv/pets"},
      {"file:///srv/my%20pets", "file:///srv/my%20pets"},
      {"file:///srv/100%25", "file:///srv/100%25"},
      {"file:///%41", "file:///A"},
      {"/srv/pets", "file:///srv/pets"},
      {"/srv/my pets", "file:///srv/my%20pets"},
      {"/srv/caf\xc3\xa9#1", "file:///srv/caf%C3%A9%231"},
      {"pets", "file://" + here + "/pets"},
      {"./pets", "file://" + here + "/pets"},
      {"./a:b", "file://" + here + "/a:b"},
      {"dir/a:b", "file://" + here + "/dir/a:b"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.url);
    CHECK(open_storage(c.url)->describe() == c.describes);
  }
}

TEST_CASE("a URL says whether its storage is asked over HTTP", "[storage]") {
  for (const char* url : {"s3://team/pets", "S3://team", "https://pets.example/a",
                          "http://localhost/a", "chain:file:///srv/a|https://pets.example/a"}) {
    CAPTURE(url);
    CHECK(is_over_http(url));
  }
  for (const char* url : {"", "pets", "./s3:a", "file:///srv/pets", "memory:", "ftp://h",
                          "chain:file:///srv/a|file:///srv/b"}) {
    CAPTURE(url);
    CHECK_FALSE(is_over_http(url));
  }
}

TEST_CASE("what describe says opens the same storage again", "[storage]") {
  for (const char* path : {"/srv/pets", "/srv/my pets", "/srv/100%/a?b#c", "/", "s3://team/pets",
                           "s3://team?endpoint=http://h:1&region=eu-west-1&style=virtual",
                           "s3://te.am/a?style=virtual", "https://pets.example/a/b"}) {
    const std::string url = open_storage(path)->describe();
    CHECK(open_storage(url)->describe() == url);
  }
}

TEST_CASE("a text that names no storage is a usage error that says what would", "[storage]") {
  struct Case {
    std::string url, says;
  };
  const std::vector<Case> cases{
      {"", "no storage was named"},
      {"ftp://host/pets", "storage scheme 'ftp:' is not known"},
      {"pets:old", "write ./pets:…"},
      {"file://server/pets", "write file:///dir, three slashes"},
      {"file:pets", "write file:///dir, three slashes"},
      {"file:///a%2", "'%' without two hexadecimal digits"},
      {"file:///a%zz", "'%' without two hexadecimal digits"},
      {"file:///a%00b", "has a NUL"},
      {"file:///a?b", "write %3F or %23"},
      {"memory:a", "is not memory:"},
      {"chain:", "has a member without a name"},
      {"chain:/a||/b", "has a member without a name"},
      {"chain:/a|/b|", "has a member without a name"},
      {"chain:chain:/a|/b", "cannot hold another chain:"},
      {"chain:/a|ftp://user:secret@host/b", "storage scheme 'ftp:' is not known"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.url);
    CHECK_THROWS_MATCHES(
        open_storage(c.url), Error,
        fails(ErrorCode::kUsage, {c.says,
                                  "a storage is one of: file:///dir, a path, s3://bucket/prefix, "
                                  "https://host/mirror, memory:, chain:URL|URL"}));
  }
}

TEST_CASE("a file URL that names a host does not repeat who asked", "[storage]") {
  try {
    open_storage("file://user:secret@host/x");
    FAIL("opened");
  } catch (const Error& error) {
    CHECK_THAT(error.what(), Catch::Contains("storage file://… names a host"));
    CHECK_THAT(error.what(), !Catch::Contains("secret"));
  }
}

TEST_CASE("a URL with credentials is refused, and they are not repeated", "[storage]") {
  for (const std::string scheme : {"s3", "https", "http"}) {
    try {
      open_storage(scheme + "://user:secret@bucket/pets");
      FAIL("opened");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kUsage);
      CHECK_THAT(error.what(), Catch::Contains("credentials do not belong in a URL"));
      CHECK_THAT(error.what(), !Catch::Contains("secret"));
    }
  }
}

TEST_CASE("a chain's URL names its members in order, the authority last", "[storage]") {
  const ChainOptions options{
      .layout = {[](std::string_view) { return false; }, checks([](auto, auto) { return ""; })}};
  const auto chain = open_storage("chain:/srv/mirror|file:///srv/a%7Cb|memory:", options);
  CHECK(chain->describe() == "chain:file:///srv/mirror|file:///srv/a%7Cb|memory:");
  CHECK(open_storage(chain->describe(), options)->describe() == chain->describe());
  CHECK_THROWS_MATCHES(open_storage("chain:/srv/pets", options), Error,
                       fails(ErrorCode::kUsage, {"has 1 storages, at least two were expected"}));
  CHECK_THROWS_MATCHES(
      open_storage("chain:/srv/mirror|/srv/pets"), Error,
      fails(ErrorCode::kUsage, {"which objects never change", "open_plugin_storage"}));
}

}  // namespace pet::test
