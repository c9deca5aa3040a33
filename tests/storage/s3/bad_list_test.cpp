// Lists of S3 as servers of several kinds write them, and as none should.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "storage/s3/s3_connection.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/http/scripted_server.hpp"
#include "tests/storage/s3/storage_on.hpp"

namespace pet::test {

using Client = ScriptedServer::Client;

TEST_CASE("a list's keys are decoded as the server encodes them, where it says that it does",
          "[s3][bad]") {
  const auto object = [](const std::string& key) {
    return "<Contents><Key>" + key + "</Key><Size>1</Size></Contents>";
  };
  std::string list;
  ScriptedServer server([&](Client& client) {
    client.request();
    client.answer(
        200, "<ListBucketResult><IsTruncated>false</IsTruncated>" + list + "</ListBucketResult>");
  });
  const auto keys = [&] {
    std::vector<std::string> found;
    S3Connection connection(S3Settings::from_url("s3://pets?endpoint=" + server.url()), {}, {});
    for (const ListedObject& listed : connection.list_page("", {}, 10).objects) {
      found.push_back(listed.key);
    }
    return found;
  };
  SECTION("Amazon writes a space as '+', which is less than '!'") {
    list = "<EncodingType>url</EncodingType>" + object("notes+1.txt") + object("notes%21.txt") +
           object("notes%2B1.txt");
    CHECK(keys() == std::vector<std::string>{"notes 1.txt", "notes!.txt", "notes+1.txt"});
  }
  SECTION("one that does not encode means what it says") {
    list = object("100%") + object("100%41") + object("a+b");
    CHECK(keys() == std::vector<std::string>{"100%", "100%41", "a+b"});
  }
  SECTION("what cannot be decoded is refused") {
    list = "<EncodingType>url</EncodingType>" + object("100%");
    CHECK_THROWS_MATCHES(
        keys(), Error,
        fails(ErrorCode::kStorageUnreachable, {"has a key that cannot be decoded", "try: "}));
  }
}

TEST_CASE("of a page with more than was asked for no more is taken", "[s3][bad]") {
  ScriptedServer server([](Client& client) {
    client.request();
    client.answer(200,
                  "<ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents>"
                  "<Contents><Key>b</Key><Size>1</Size></Contents></ListBucketResult>");
  });
  S3Storage storage = storage_on(server);
  CHECK(storage.list("", "", 1) == std::vector<std::string>{"a"});
  CHECK(storage.list("") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a list without an end is given up", "[s3][bad]") {
  std::atomic<int> pages{0};
  bool has_objects = true;
  ScriptedServer server([&](Client& client) {
    const std::string request = client.request();
    const std::string head = request.substr(0, request.find("\r\n"));
    const std::string next = head.find("continuation-token=A") == std::string::npos ? "A" : "B";
    // Or the test that must fail would have no end either.
    client.answer(
        200, "<ListBucketResult><IsTruncated>" + std::string(++pages < 300 ? "true" : "false") +
                 "</IsTruncated><NextContinuationToken>" + next + "</NextContinuationToken>" +
                 (has_objects ? "<Contents><Key>a</Key><Size>1</Size></Contents>" : "") +
                 "</ListBucketResult>");
  });
  S3Storage storage = storage_on(server);
  SECTION("one that goes in circles, when it comes back to a key") {
    CHECK_THROWS_MATCHES(storage.list(""), Error,
                         fails(ErrorCode::kStorageUnreachable,
                               {"the server's list is not sorted", "try: a server that lists"}));
    CHECK(pages == 2);
  }
  SECTION("one that has nothing, after a hundred pages") {
    has_objects = false;
    CHECK_THROWS_MATCHES(storage.list(""), Error,
                         fails(ErrorCode::kStorageUnreachable,
                               {"goes on for 100 pages without an object", "try: "}));
    CHECK(pages == 101);
  }
}

}  // namespace pet::test
