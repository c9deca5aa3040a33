// Large objects in parts, against a server that fails in the middle of them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "storage/s3/s3_refusal.hpp"
#include "storage/s3/s3_storage.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/http/scripted_server.hpp"

namespace pet::test {
namespace {

using Client = ScriptedServer::Client;

constexpr char kETag[] = "ETag: \"1\"\r\n";
constexpr char kFailure[] = "<Error><Code>InternalError</Code></Error>";
constexpr char kTooSmall[] =
    "<Error><Code>EntityTooSmall</Code><Message>smaller than is allowed</Message></Error>";
constexpr char kExists[] = "<Error><Code>PreconditionFailed</Code></Error>";
constexpr char kMetAnother[] = "<Error><Code>ConditionalRequestConflict</Code></Error>";
constexpr char kNoKey[] = "<Error><Code>NoSuchKey</Code></Error>";
constexpr char kNoUpload[] = "<Error><Code>NoSuchUpload</Code></Error>";
constexpr char kCompleted[] =
    "\r\n <CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>";
constexpr char kList[] =
    "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";

std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + from.size();
  return text.substr(begin, text.find(to, begin) - begin);
}

// A bucket in memory that knows uploads in parts, and fails as a test says.
class Bucket {
 public:
  struct Object {
    std::string bytes;
    std::string id;  // the storage's own
  };
  struct Upload {
    std::string target;
    std::string id;
    std::map<int, std::string> parts;
  };
  // kConflict: another's object comes and goes while the parts are put together, and with it the upload.
  enum class Fault {
    kNone,
    kReset,
    kError,
    kErrorWith200,
    kTooSmallWith200,
    kDoneAndReset,
    kConflict
  };

  std::map<std::string, Object> objects;
  std::map<std::string, Upload> uploads;  // not completed
  std::vector<std::string> requests;      // without those for probes
  std::map<int, int> part_faults;         // number: how often it fails
  std::vector<Fault> complete_faults;
  bool honours_conditions = true;
  bool completes_conditionally = true;
  std::chrono::milliseconds part_delay{0};

  void answer(Client& client) {
    const std::string request = client.request();
    if (request.empty()) return;
    const std::string method = request.substr(0, request.find(' '));
    const std::string target = between(request, " ", " HTTP/");
    const std::string path = target.substr(0, target.find('?'));
    const std::string body = request.substr(request.find("\r\n\r\n") + 4);
    const std::string upload = between(target, "uploadId=", "&");
    const std::lock_guard lock(mutex_);
    const bool is_probe = path.find("pet-probe") != std::string::npos;
    if (!is_probe) requests.push_back(method + " " + target);
    if (target.find("list-type") != std::string::npos) return client.answer(200, kList);
    if (method == "POST" && upload.empty()) return begin(client, request, path);
    if (!upload.empty() && !uploads.contains(upload)) return client.answer(404, kNoUpload);
    if (method == "PUT" && !upload.empty()) return put_part(client, target, upload, body);
    if (method == "POST") return complete(client, request, upload, is_probe);
    if (method == "DELETE") {
      uploads.erase(upload);
      if (upload.empty()) objects.erase(path);
      return client.answer(204, "");
    }
    if (method == "PUT") return put(client, request, path, body);
    const auto found = objects.find(path);
    if (found == objects.end()) return client.answer(404, method == "HEAD" ? "" : kNoKey);
    const std::string head = kETag + ("x-amz-meta-pet-write-id: " + found->second.id + "\r\n");
    client.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(found->second.bytes.size()) +
                "\r\n" + head + "\r\n" + (method == "HEAD" ? "" : found->second.bytes));
  }

  std::size_t count(const std::string& beginning) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        requests, [&](const std::string& request) { return request.starts_with(beginning); }));
  }

 private:
  static std::string id_in(const std::string& request) {
    return between(request, "x-amz-meta-pet-write-id: ", "\r\n");
  }

  void put(Client& client, const std::string& request, const std::string& path,
           const std::string& body) {
    const bool conditional = request.find("If-None-Match: *") != std::string::npos;
    if (conditional && honours_conditions && objects.contains(path)) {
      return client.answer(412, kExists);
    }
    objects[path] = {body, id_in(request)};
    client.answer(200, "", kETag);
  }

  void begin(Client& client, const std::string& request, const std::string& path) {
    const std::string id = "upload" + std::to_string(++last_);
    uploads[id] = {path, id_in(request), {}};
    client.answer(200, "<InitiateMultipartUploadResult><UploadId>" + id +
                           "</UploadId></InitiateMultipartUploadResult>");
  }

  void put_part(Client& client, const std::string& target, const std::string& upload,
                const std::string& body) {
    const int number = std::stoi(between(target, "partNumber=", "&"));
    if (part_faults[number]-- > 0) return client.answer(500, kFailure);
    std::this_thread::sleep_for(part_delay);
    uploads[upload].parts[number] = body;
    client.answer(200, "", "ETag: \"part" + std::to_string(number) + "\"\r\n");
  }

  void complete(Client& client, const std::string& request, const std::string& id, bool is_probe) {
    Fault fault = Fault::kNone;
    if (!is_probe && completed_ < complete_faults.size()) fault = complete_faults[completed_++];
    if (fault == Fault::kReset) return client.reset();
    if (fault == Fault::kError) return client.answer(500, kFailure);
    if (fault == Fault::kErrorWith200) return client.answer(200, kFailure);
    if (fault == Fault::kTooSmallWith200) return client.answer(200, kTooSmall);
    if (fault == Fault::kConflict) {
      uploads.erase(id);
      return client.answer(409, kMetAnother);
    }
    const Upload upload = uploads[id];
    const bool conditional = request.find("If-None-Match: *") != std::string::npos;
    if (conditional && completes_conditionally && objects.contains(upload.target)) {
      return client.answer(412, kExists);
    }
    std::string bytes;
    for (const auto& [number, part] : upload.parts) {
      if (request.find("<ETag>\"part" + std::to_string(number) + "\"</ETag>") ==
          std::string::npos) {
        return client.answer(400, "<Error><Code>InvalidPart</Code></Error>");
      }
      bytes += part;
    }
    objects[upload.target] = {bytes, upload.id};
    uploads.erase(id);
    if (fault == Fault::kDoneAndReset) return client.reset();
    client.answer(200, kCompleted);
  }

  std::mutex mutex_;
  int last_ = 0;
  std::size_t completed_ = 0;
};

S3Storage storage_on(const ScriptedServer& server) {
  setenv("AWS_ACCESS_KEY_ID", "key", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-seen", 1);
  return S3Storage(S3Settings::from_url("s3://pets?endpoint=" + server.url()),
                   {.stall = std::chrono::seconds(2)}, {.attempts = 3, .sleep = [](auto) {}},
                   {.in_parts_beyond = 100, .part_size = 40, .at_once = 3});
}

std::string large() {
  std::string bytes;
  for (int i = 0; i < 150; ++i) bytes += static_cast<char>('a' + i % 26);
  return bytes;
}

constexpr char kPath[] = "/pets/large";

}  // namespace

TEST_CASE("an object beyond the limit goes up in parts", "[s3][multipart]") {
  Bucket bucket;
  ScriptedServer server([&](Client& client) { bucket.answer(client); });
  S3Storage storage = storage_on(server);
  storage.put("large", large());
  CHECK(bucket.objects[kPath].bytes == large());
  CHECK(bucket.count("PUT /pets/large?partNumber=") == 4);
  CHECK(bucket.uploads.empty());
  storage.put("small", std::string(100, 'x'));
  CHECK(bucket.count("PUT /pets/small") == 1);
  CHECK(bucket.count("POST /pets/small") == 0);
}

TEST_CASE("a part that fails is sent again by itself", "[s3][multipart]") {
  Bucket bucket;
  bucket.part_faults = {{2, 2}};
  ScriptedServer server([&](Client& client) { bucket.answer(client); });
  storage_on(server).put("large", large());
  CHECK(bucket.objects[kPath].bytes == large());
  CHECK(bucket.count("PUT /pets/large?partNumber=") == 6);
  CHECK(bucket.count("PUT /pets/large?partNumber=2&") == 3);
}

TEST_CASE("after a failure no parts are left", "[s3][multipart]") {
  Bucket bucket;
  SECTION("of a part") { bucket.part_faults = {{3, 99}}; }
  SECTION("when they are put together") {
    bucket.complete_faults.assign(99, Bucket::Fault::kError);
  }
  SECTION("when they are put together, told with 200") {
    bucket.complete_faults.assign(99, Bucket::Fault::kErrorWith200);
  }
  ScriptedServer server([&](Client& client) { bucket.answer(client); });
  S3Storage storage = storage_on(server);
  CHECK_THROWS_MATCHES(storage.put("large", large()), Error,
                       fails(ErrorCode::kStorageUnreachable, {"'large'", "500 InternalError"}));
  CHECK(bucket.uploads.empty());
  CHECK(bucket.objects.empty());
}

TEST_CASE("a completion whose answer was lost, or was an error, is asked for again",
          "[s3][multipart]") {
  using Fault = Bucket::Fault;
  Bucket bucket;
  bucket.complete_faults = GENERATE(values<std::vector<Bucket::Fault>>(
      {{Fault::kErrorWith200}, {Fault::kError}, {Fault::kReset}, {Fault::kDoneAndReset}}));
  ScriptedServer server([&](Client& client) { bucket.answer(client); });
  S3Storage storage = storage_on(server);
  const bool if_absent = GENERATE(false, true);
  if (if_absent) {
    CHECK(storage.put_if_absent("large", large()));
  } else {
    storage.put("large", large());
  }
  CHECK(bucket.objects[kPath].bytes == large());
  CHECK(bucket.uploads.empty());
}

TEST_CASE("a completion that fails is asked for as often as the policy says, and no more",
          "[s3][multipart]") {
  Bucket bucket;
  bucket.complete_faults.assign(99, GENERATE(Bucket::Fault::kError, Bucket::Fault::kErrorWith200));
  ScriptedServer server([&](Client& client) { bucket.answer(client); });
  S3Storage storage = storage_on(server);
  CHECK_THROWS_MATCHES(storage.put("large", large()), Error,
                       fails(ErrorCode::kStorageUnreachable, {"500 InternalError", "again later"}));
  CHECK(bucket.count("POST /pets/large?uploadId=") == 3);
}

TEST_CASE("a complaint with 200 means what its status would, and may pass where nobody knows it",
          "[s3][multipart]") {
  const auto meant = [](const std::string& body, long status = 200) {
    return meant_status({.status = status, .body = body});
  };
  CHECK(meant(kTooSmall) == 400);
  CHECK(meant(kExists) == 412);
  CHECK(meant(kFailure) == 500);
  CHECK(meant("<Error><Code>SlowDownWrite</Code></Error>") == 500);
  CHECK(meant("<Error/>") == 500);
  CHECK(meant(kCompleted) == 200);
  CHECK(meant("<html>") == 200);
  CHECK(meant(kFailure, 403) == 403);
}

TEST_CASE("a complaint that stays true is said in its own words, at once", "[s3][multipart]") {
  Bucket bucket;
  bucket.complete_faults.assign(99, Bucket::Fault::kTooSmallWith200);
  ScriptedServer server([&](Client& client) { bucket.answer(client); });
  S3Storage storage = storage_on(server);
  CHECK_THROWS_MATCHES(
      storage.put("large", large()), Error,
      fails(ErrorCode::kStorageRefused, {"'large': the server refuses: 400 EntityTooSmall: smaller "
                                         "than is allowed",
                                         "try: what its documentation says of EntityTooSmall"}));
  CHECK(bucket.count("POST /pets/large?uploadId=") == 1);
  CHECK(bucket.uploads.empty());
}

TEST_CASE("after a conflict all parts are sent again, in an upload of their own",
          "[s3][multipart]") {
  using Fault = Bucket::Fault;
  Bucket bucket;
  ScriptedServer server([&](Client& client) { bucket.answer(client); });
  S3Storage storage = storage_on(server);
  SECTION("which succeeds") {
    bucket.complete_faults = {Fault::kConflict};
    CHECK(storage.put_if_absent("large", large()));
    CHECK(bucket.objects[kPath].bytes == large());
    CHECK(bucket.count("POST /pets/large?uploads") == 2);
  }
  SECTION("but not for ever") {
    bucket.complete_faults.assign(99, Fault::kConflict);
    CHECK_THROWS_MATCHES(storage.put_if_absent("large", large()), Error,
                         fails(ErrorCode::kStorageUnreachable, {"'large'", "try: again"}));
    CHECK(bucket.count("POST /pets/large?uploads") == 3);  // attempts, by the policy
  }
  CHECK(bucket.uploads.empty());
}

TEST_CASE("of an upload in parts it is told how far it is", "[s3][multipart]") {
  Bucket bucket;
  bucket.part_delay = std::chrono::milliseconds(120);  // longer than an upload goes unreported
  ScriptedServer server([&](Client& client) { bucket.answer(client); });
  S3Storage storage = storage_on(server);
  std::vector<TransferProgress> reports;
  std::mutex mutex;
  storage.watch_transfers([&](const TransferProgress& now) {
    const std::lock_guard lock(mutex);
    reports.push_back(now);
  });
  storage.put("large", large());
  REQUIRE(reports.size() >= 2);
  CHECK_FALSE(reports.front().has_ended);
  CHECK(reports.back().has_ended);
  CHECK(reports.back().done == large().size());
  for (const TransferProgress& now : reports) {
    CHECK(now.storage == storage.describe());
    CHECK(now.key == "large");
    CHECK(now.total == large().size());
    CHECK(now.done <= large().size());
  }
}

TEST_CASE("a large object is put if absent under the server's own condition", "[s3][multipart]") {
  Bucket bucket;
  ScriptedServer server([&](Client& client) { bucket.answer(client); });
  S3Storage storage = storage_on(server);
  SECTION("where the server minds it when parts are put together, in parts") {
    CHECK(storage.put_if_absent("large", large()));
    CHECK(bucket.count("POST /pets/large?uploads") == 1);
  }
  SECTION("where it does not, in one request") {
    bucket.completes_conditionally = false;
    CHECK(storage.put_if_absent("large", large()));
    CHECK(bucket.count("POST /pets/large") == 0);
    CHECK(bucket.count("PUT /pets/large") == 1);
  }
  CHECK_FALSE(storage.put_if_absent("large", std::string(200, 'x')));
  CHECK(bucket.objects[kPath].bytes == large());
  CHECK(bucket.uploads.empty());
}

}  // namespace pet::test
