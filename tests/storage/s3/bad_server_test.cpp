// S3Storage against servers that fail in the middle: nothing is lost, nothing is taken for absent.
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "storage/s3/s3_connection.hpp"
#include "storage/s3/s3_storage.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/http/scripted_server.hpp"
#include "tests/storage/s3/storage_on.hpp"

namespace pet::test {
namespace {

using Client = ScriptedServer::Client;

constexpr char kNoSuchKey[] = "<Error><Code>NoSuchKey</Code></Error>";
constexpr char kETag[] = "ETag: \"1\"\r\n";
constexpr char kEmptyList[] =
    "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";

// A bucket in memory that keeps S3's rules for conditional puts, and can break off.
class Bucket {
 public:
  // Answers; `breaks_off` says what becomes of the nth PUT of an object.
  enum class Break {
    kNot,
    kBeforeDoing,
    kAfterDoing,
    kError,
    kConflict,   // 409
    kGoneAgain,  // 412, for an object that is removed then
  };

  void answer(Client& client) {
    const std::string request = client.request();
    if (request.empty()) return;
    const std::size_t space = request.find(' ');
    const std::string method = request.substr(0, space);
    const std::string target = request.substr(space + 1, request.find(' ', space + 1) - space - 1);
    const std::string body = request.substr(request.find("\r\n\r\n") + 4);
    const std::lock_guard lock(mutex_);
    if (target.find('?') != std::string::npos) return client.answer(200, kEmptyList);
    if (method == "PUT") return put(client, request, target, body);
    const auto object = objects.find(target);
    if (object == objects.end()) return client.answer(404, method == "HEAD" ? "" : kNoSuchKey);
    if (method == "DELETE") {
      objects.erase(object);
      return client.answer(204, "");
    }
    const std::string head = kETag + ("x-amz-meta-pet-write-id: " + object->second.id + "\r\n");
    if (method == "HEAD") {
      client.send("HTTP/1.1 200 OK\r\nContent-Length: " +
                  std::to_string(object->second.bytes.size()) + "\r\n" + head + "\r\n");
      return;
    }
    client.answer(200, object->second.bytes, head);
  }

  struct Object {
    std::string bytes;
    std::string id;
  };
  std::map<std::string, Object> objects;
  std::vector<Break> breaks;  // of the PUTs in turn
  bool honours_conditions = true;

 private:
  void put(Client& client, const std::string& request, const std::string& target,
           const std::string& body) {
    const bool is_probe = target.find("pet-probe") != std::string::npos;
    Break how = Break::kNot;
    if (!is_probe && next_ < breaks.size()) how = breaks[next_++];
    if (how == Break::kBeforeDoing) return client.reset();
    if (how == Break::kConflict) return client.answer(409, "");
    if (how == Break::kGoneAgain) return client.answer(412, "");
    if (how == Break::kError)
      return client.answer(500, "<Error><Code>InternalError</Code></Error>");
    const bool conditional = request.find("If-None-Match: *") != std::string::npos;
    if (conditional && honours_conditions && objects.contains(target)) {
      return client.answer(412, "<Error><Code>PreconditionFailed</Code></Error>");
    }
    const std::size_t at = request.find("x-amz-meta-pet-write-id: ");
    const std::string id = at == std::string::npos ? "" : request.substr(at + 25, 32);
    objects[target] = {body, id};
    if (how == Break::kAfterDoing) return client.reset();
    client.answer(200, "", kETag);
  }

  std::mutex mutex_;
  std::size_t next_ = 0;
};

}  // namespace

TEST_CASE("a conditional put whose answer was lost is told from another's", "[s3][bad]") {
  using Break = Bucket::Break;
  Bucket bucket;
  ScriptedServer server([&](Client& client) { bucket.answer(client); });
  S3Storage storage = storage_on(server);
  SECTION("it was done: true, also after several attempts") {
    bucket.breaks = {Break::kAfterDoing, Break::kError, Break::kBeforeDoing};
    CHECK(storage.put_if_absent("log/1", "mine"));
  }
  SECTION("it was not done, and nobody else's is there") {
    bucket.breaks = {Break::kBeforeDoing, Break::kError};
    CHECK(storage.put_if_absent("log/1", "mine"));
  }
  SECTION("another's is there") {
    bucket.objects["/pets/log/1"] = {"another's", "id"};
    bucket.breaks = {Break::kBeforeDoing, Break::kError};
    CHECK_FALSE(storage.put_if_absent("log/1", "mine"));
    CHECK(storage.get("log/1") == "another's");
    return;
  }
  SECTION("every answer was lost, but the first was done") {
    bucket.breaks.assign(20, Break::kBeforeDoing);  // libcurl asks more often than we do
    bucket.breaks[0] = Break::kAfterDoing;
    CHECK(storage.put_if_absent("log/1", "mine"));
  }
  SECTION("no attempt was done: unreachable, and nothing is there") {
    bucket.breaks.assign(20, Break::kBeforeDoing);
    CHECK_THROWS_MATCHES(storage.put_if_absent("log/1", "mine"), Error,
                         fails(ErrorCode::kStorageUnreachable, {"PUT 'log/1'", "no answer"}));
    CHECK(storage.get("log/1") == std::nullopt);
    return;
  }
  SECTION("every attempt was an error: unreachable") {
    bucket.breaks.assign(20, Break::kError);
    CHECK_THROWS_MATCHES(
        storage.put_if_absent("log/1", "mine"), Error,
        fails(ErrorCode::kStorageUnreachable, {"the server fails: 500 InternalError"}));
    return;
  }
  CHECK(storage.get("log/1") == "mine");
}

TEST_CASE("a server that ignores conditions is found out before the first conditional put",
          "[s3][bad]") {
  Bucket bucket;
  bucket.honours_conditions = false;
  ScriptedServer server([&](Client& client) { bucket.answer(client); });
  S3Storage storage = storage_on(server);
  for (int i = 0; i < 2; ++i) {
    CHECK_THROWS_MATCHES(storage.put_if_absent("log/1", "x"), Error,
                         fails(ErrorCode::kStorageUnsupported,
                               {"replaces an object that it was asked to put only if absent",
                                "where nobody else ever writes, mode=single-writer"}));
  }
  CHECK(bucket.objects.empty());  // the probe too
  storage.put("log/1", "x");
  CHECK(storage.get("log/1") == "x");
}

TEST_CASE("an object cut at any byte is fetched again, or unreachable; never short", "[s3][bad]") {
  const std::string whole = "HTTP/1.1 200 OK\r\nETag: x\r\nContent-Length: 5\r\n\r\nhello";
  std::size_t size = 0;
  std::atomic<int> gets{0};
  ScriptedServer server([&](Client& client) {
    const std::string request = client.request();
    if (request.starts_with("GET /pets?")) return client.answer(200, kEmptyList);
    const bool breaks = gets++ == 0;
    client.send(breaks ? std::string_view(whole).substr(0, size) : whole);
    if (breaks) client.reset();
  });
  S3Storage storage = storage_on(server, 2);
  for (size = 0; size < whole.size(); ++size) {
    gets = 0;
    CHECK(storage.get("a") == "hello");
    CHECK(gets == 2);
  }
}

TEST_CASE("answers that are no S3 are typed errors, with the URL and the next step", "[s3][bad]") {
  struct Case {
    int status;
    std::string body;
    std::string headers;
    ErrorCode code;
    std::string says;
  };
  const std::string page = "<html><body>Please log in</body></html>";
  for (const Case& c : {
           Case{200, page, "", ErrorCode::kStorageUnreachable,
                "is no S3 listing (a proxy's page?)"},
           Case{200, "", "", ErrorCode::kStorageUnreachable, "is no S3 listing"},
           Case{200, "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "",
                ErrorCode::kStorageUnreachable, "is cut, and it does not say how it goes on"},
           Case{200,
                "<ListBucketResult><Contents><Key>z</Key><Size>1</Size></Contents>"
                "<Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>",
                "", ErrorCode::kStorageUnreachable, "is not sorted, or has what was not asked for"},
           Case{400, "<Error><Code>ExpiredToken</Code></Error>", "", ErrorCode::kStorageRefused,
                "the session token has expired"},
           Case{301, "", "Location: http://127.0.0.1:9/\r\n", ErrorCode::kStorageRefused,
                "unexpected answer: 301"},
           Case{301, "", "x-amz-bucket-region: eu-west-1\r\n", ErrorCode::kStorageRefused,
                "unexpected answer: 301"},
           Case{403, "<Error><Code>AccessDenied</Code></Error>", "", ErrorCode::kStorageRefused,
                "needs s3:ListBucket"},
           Case{403, "<Error><Code>RequestTimeTooSkewed</Code></Error>",
                "Date: Fri, 24 May 2013 00:00:00 GMT\r\n", ErrorCode::kStorageRefused,
                "clock is wrong: the server says it is Fri, 24 May 2013"},
           Case{404, "<Error><Code>NoSuchBucket</Code></Error>", "", ErrorCode::kStorageUnreachable,
                "there is no bucket 'pets'"},
           Case{404, page, "", ErrorCode::kStorageUnreachable, "is none of an S3 server's"},
           Case{501, "", "", ErrorCode::kStorageUnsupported, "the server cannot: 501"},
           Case{503, "", "Retry-After: 1\r\n", ErrorCode::kStorageUnreachable,
                "the server fails: 503"},
           Case{400, "<Error><Code>\x1b[31mX</Code></Error>", "", ErrorCode::kStorageRefused,
                "unexpected answer: 400"},
       }) {
    CAPTURE(c.status, c.body);
    ScriptedServer server([&](Client& client) {
      client.request();
      client.answer(c.status, c.body, c.headers);
    });
    S3Storage storage = storage_on(server);
    // Absent is what a bucket says that was found to be one, and nobody else.
    try {
      storage.get("plugins/A/latest.json");
      FAIL("taken for an answer");
    } catch (const Error& error) {
      CHECK_THAT(error, fails(c.code, {"s3://pets?endpoint=" + server.url(), c.says}));
      const std::string text = error.what();
      CHECK(text.find("not-to-be-seen") == std::string::npos);
      CHECK(text.find('\x1b') == std::string::npos);
    }
  }
}

TEST_CASE("a bucket that could not be listed is asked again", "[s3][bad]") {
  std::atomic<bool> works{false};
  ScriptedServer server([&](Client& client) {
    const std::string request = client.request();
    if (!works) return client.answer(503, "");
    request.starts_with("GET /pets?") ? client.answer(200, kEmptyList)
                                      : client.answer(404, kNoSuchKey);
  });
  S3Storage storage = storage_on(server);
  CHECK_THROWS_MATCHES(storage.get("a"), Error, fails(ErrorCode::kStorageUnreachable));
  works = true;
  CHECK(storage.get("a") == std::nullopt);
}

TEST_CASE("a range that is answered with the whole object is cut out of it", "[s3][bad]") {
  ScriptedServer server([&](Client& client) {
    const std::string request = client.request();
    request.starts_with("GET /pets?") ? client.answer(200, kEmptyList)
                                      : client.answer(200, "0123456789", kETag);
  });
  S3Storage storage = storage_on(server);
  CHECK(storage.get_range("a", 2, 3) == "234");
  CHECK(storage.get_range("a", 8, 5) == "89");
  CHECK(storage.get_range("a", 20, 5) == "");
}

TEST_CASE("a part that is not the one that was asked for is refused", "[s3][bad]") {
  std::string range;
  ScriptedServer server([&](Client& client) {
    const std::string request = client.request();
    request.starts_with("GET /pets?")
        ? client.answer(200, kEmptyList)
        : client.answer(206, "23", std::string(kETag) + "Content-Range: " + range + "\r\n");
  });
  S3Storage storage = storage_on(server);
  range = GENERATE(as<std::string>(), "bytes 2-3/10", "bytes 3-4/10", "bytes 2-3/*", "");
  CHECK_THROWS_MATCHES(storage.get_range("a", 2, 3), Error,
                       fails(ErrorCode::kStorageUnreachable, {"'a'", "another range came"}));
}

TEST_CASE("that a range is beyond the end is believed when the size says so too", "[s3][bad]") {
  ScriptedServer server([&](Client& client) {
    const std::string request = client.request();
    if (request.starts_with("GET /pets?")) return client.answer(200, kEmptyList);
    if (request.starts_with("HEAD")) {
      client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n" + std::string(kETag) + "\r\n");
      return;
    }
    client.answer(416, "");
  });
  S3Storage storage = storage_on(server);
  CHECK(storage.get_range("a", 10, 3) == "");
  CHECK_THROWS_MATCHES(storage.get_range("a", 2, 3), Error,
                       fails(ErrorCode::kStorageUnreachable, {"'a'", "another range came"}));
}

TEST_CASE("a page that a proxy puts in place of an answer is none", "[s3][bad]") {
  const std::string page = "<html>" + std::string(200'000, 'x');
  int status = 200;
  bool lists = true;
  ScriptedServer server([&](Client& client) {
    const std::string request = client.request();
    if (lists && request.find('?') < request.find("\r\n")) return client.answer(200, kEmptyList);
    client.answer(status, request.starts_with("HEAD") ? "" : page);
  });
  S3Storage storage = storage_on(server);
  const auto is_unreachable = fails(ErrorCode::kStorageUnreachable, {"s3://pets?endpoint="});
  CHECK_THROWS_MATCHES(storage.get("a"), Error, is_unreachable);
  CHECK_THROWS_MATCHES(storage.get("a", 10), Error,
                       fails(ErrorCode::kStorageUnreachable) || fails(ErrorCode::kCorrupt));
  CHECK_THROWS_MATCHES(storage.put("a", "x"), Error, is_unreachable);
  CHECK_THROWS_MATCHES(storage.put_if_absent("a", "x"), Error, is_unreachable);
  CHECK_THROWS_MATCHES(storage.head("a"), Error, is_unreachable);
  CHECK_THROWS_MATCHES(storage.remove("a"), Error, is_unreachable);
  status = 404;
  CHECK_THROWS_MATCHES(storage.get("a"), Error, is_unreachable);
  CHECK_THROWS_MATCHES(storage.get("a", 10), Error, is_unreachable);
  CHECK_THROWS_MATCHES(storage.get_range("a", 0, 10), Error, is_unreachable);
  status = 403;  // larger than what is asked for may be: no matter of size
  CHECK_THROWS_MATCHES(storage.get("a", 10), Error, fails(ErrorCode::kStorageRefused));
}

TEST_CASE("a bucket that goes is not an empty one", "[s3][bad]") {
  bool is_gone = false;
  ScriptedServer server([&](Client& client) {
    const std::string request = client.request();
    const std::string gone = "<Error><Code>NoSuchBucket</Code></Error>";
    if (is_gone) return client.answer(404, request.starts_with("HEAD") ? "" : gone);
    client.answer(200, kEmptyList);
  });
  S3Storage storage = storage_on(server);
  storage.list("");
  is_gone = true;
  for (const auto& ask : std::vector<std::function<void()>>{
           [&] { storage.get("a"); }, [&] { storage.head("a"); }, [&] { storage.remove("a"); },
           [&] { storage.get_range("a", 0, 1); }}) {
    CHECK_THROWS_MATCHES(ask(), Error, fails(ErrorCode::kStorageUnreachable, {"no bucket 'pets'"}));
  }
}

TEST_CASE("many who meet a dead server wait for it together", "[s3][bad]") {
  std::atomic<int> requests{0};
  ScriptedServer server([&](Client& client) {
    client.request();
    ++requests;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    client.answer(503, "");
  });
  S3Storage storage = storage_on(server, 2);
  std::atomic<int> failed{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        try {
          storage.get("a");
        } catch (const Error& error) {
          if (error.code() == ErrorCode::kStorageUnreachable) ++failed;
        }
      });
    }
  }
  CHECK(failed == 8);
  CHECK(requests < 16);  // two attempts each, if they queued up
}

TEST_CASE("who meets others at the same moment asks anew, and is not told that it stands",
          "[s3][bad]") {
  using Break = Bucket::Break;
  Bucket bucket;
  ScriptedServer server([&](Client& client) { bucket.answer(client); });
  S3Storage storage = storage_on(server);
  bucket.breaks = {Break::kConflict, Break::kGoneAgain, Break::kConflict};
  CHECK(storage.put_if_absent("log/1", "mine"));
  CHECK(storage.get("log/1") == "mine");
  bucket.breaks.assign(100, Break::kConflict);
  CHECK_THROWS_MATCHES(storage.put_if_absent("log/2", "mine"), Error,
                       fails(ErrorCode::kStorageUnreachable, {"others write there all the time"}));
}

}  // namespace pet::test
