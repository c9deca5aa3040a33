#include "storage/storage_check.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "storage/http/http_storage.hpp"
#include "storage/memory_storage.hpp"
#include "storage/s3/s3_storage.hpp"
#include "tests/storage/faulty_storage.hpp"
#include "tests/storage/http/scripted_server.hpp"

namespace pet::test {
namespace {

using Catch::Matchers::Contains;

const std::vector<std::string> kNames{"reachable", "clock",  "encryption", "credentials",
                                      "list",      "read",   "write",      "conditional_writes",
                                      "remove",    "latency"};

// By name, in one text: "ok ok ok …".
struct Checked {
  explicit Checked(BaseStorage& storage, StorageCheckOptions options = {}) {
    options.probe = "plugins/pet-probe-test";
    options.prefix = "plugins/";
    std::vector<std::string> reported;
    options.report = [&](const Check& check) { reported.push_back(check.name); };
    std::vector<std::string> names;
    for (const Check& check : check_storage(storage, options)) {
      names.push_back(check.name);
      statuses += (statuses.empty() ? "" : " ") + std::string(to_string(check.status));
      of[check.name] = check;
    }
    CHECK(names == kNames);
    CHECK(reported == kNames);
  }

  std::string statuses;
  std::map<std::string, Check> of;
};

S3Storage s3_at(const ScriptedServer& server) {
  return S3Storage(S3Settings::from_url("s3://team/pets?endpoint=" + server.url()), {},
                   {.attempts = 1});
}

// Does not look whether there is something before it writes.
class RashStorage : public MemoryStorage {
 protected:
  bool do_put_if_absent(std::string_view key, std::string_view bytes) override {
    do_put(key, bytes);
    return true;
  }
};

// Shows what was there before.
class StaleStorage : public MemoryStorage {
 protected:
  bool do_read(std::string_view, ByteSink&, std::uint64_t) const override { return false; }
};

// On another machine, which is asked without TLS.
class ClearStorage : public MemoryStorage {
 public:
  std::string unencrypted_server() const override { return "http://storage.example:9000"; }
  Capabilities capabilities() const override {
    Capabilities can = MemoryStorage::capabilities();
    can.remote = true;
    return can;
  }
};

constexpr const char* kEmptyList =
    "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";

}  // namespace

TEST_CASE("a storage that works passes, and nothing stays behind", "[storage]") {
  MemoryStorage storage;
  {
    const Checked checked(storage);
    CHECK(checked.statuses == "ok skipped skipped ok ok skipped ok ok ok ok");
    CHECK(checked.of.at("list").found == "allowed; nothing is there yet");
  }
  storage.put("plugins/A/latest.json", "{}");
  const Checked checked(storage);
  CHECK(checked.statuses == "ok skipped skipped ok ok ok ok ok ok ok");
  CHECK(storage.list("") == std::vector<std::string>{"plugins/A/latest.json"});
}

TEST_CASE("nothing is written when that is not wanted, or cannot be", "[storage]") {
  MemoryStorage memory;
  FaultyStorage storage(memory);
  const auto writes = [&] {
    const std::vector<std::string> all = storage.recorded();
    return std::ranges::count_if(all, [](const std::string& operation) {
      return operation.starts_with("put") || operation.starts_with("remove");
    });
  };
  const Checked asked(storage, {.not_written = "--read-only was given"});
  CHECK(asked.statuses == "ok skipped skipped ok ok skipped skipped skipped skipped ok");
  CHECK(asked.of.at("conditional_writes").found == "--read-only was given");
  storage.limit_to({.list = false, .write = false, .put_if_absent = false});
  const Checked mirror(storage);
  CHECK(mirror.statuses == "ok skipped skipped ok skipped skipped skipped skipped skipped ok");
  CHECK(mirror.of.at("write").found == "this kind of storage is read-only");
  CHECK(writes() == 0);
}

TEST_CASE("what cannot be told after a failure is skipped", "[storage]") {
  MemoryStorage memory;
  FaultyStorage storage(memory);
  SECTION("unreachable") {
    storage.break_down(ErrorCode::kStorageUnreachable);
    const Checked checked(storage);
    CHECK(checked.statuses ==
          "failed skipped skipped skipped skipped skipped skipped skipped skipped skipped");
    CHECK(checked.of.at("reachable").code == ErrorCode::kStorageUnreachable);
    CHECK(checked.of.at("remove").found == "the storage cannot be reached");
  }
  SECTION("refused: it has answered, and nothing more") {
    storage.break_down(ErrorCode::kStorageRefused);
    const Checked checked(storage);
    CHECK(checked.statuses ==
          "ok skipped skipped failed skipped skipped skipped skipped skipped skipped");
    CHECK(checked.of.at("credentials").code == ErrorCode::kStorageRefused);
  }
  SECTION("settings contradict each other: nobody was asked") {
    storage.break_down(ErrorCode::kUsage);
    const Checked checked(storage);
    CHECK(checked.statuses ==
          "skipped skipped skipped failed skipped skipped skipped skipped skipped skipped");
    CHECK(checked.of.at("latency").found == "nothing can be asked of the storage");
  }
  SECTION("it cannot be written to") {
    storage.fail(3, ErrorCode::kStorageRefused);  // after get and list
    const Checked checked(storage);
    CHECK(checked.statuses == "ok skipped skipped ok ok skipped failed skipped skipped ok");
    CHECK(checked.of.at("remove").found == "writing failed");
  }
  SECTION("it was written to, and the answer was lost") {
    storage.fail(3, ErrorCode::kStorageUnreachable, FaultAt::kAfter);
    CHECK(Checked(storage).of.at("write").status == CheckStatus::kFailed);
    CHECK(memory.list("").empty());
  }
  SECTION("one may add and not remove") {
    // get, list, put, get, four that race, one more, get; the eleventh removes
    storage.fail(11, ErrorCode::kStorageRefused, FaultAt::kBefore, 1);
    const Checked checked(storage);
    CHECK(checked.statuses == "ok skipped skipped ok ok skipped ok ok warning ok");
    CHECK_THAT(checked.of.at("remove").next_step,
               Contains("'plugins/pet-probe-test'") && Contains("stayed behind"));
  }
}

TEST_CASE("a storage that is slow to answer is said to be", "[storage]") {
  MemoryStorage storage;
  const Checked checked(storage, {.slow = std::chrono::milliseconds(0)});
  CHECK(checked.of.at("latency").status == CheckStatus::kWarning);
  CHECK_THAT(checked.of.at("latency").found,
             Contains("median") && Contains("of 9 small questions"));
  CHECK_THAT(checked.of.at("latency").next_step, Contains("nearer"));
}

TEST_CASE("a storage that tells several writers that they are the first is found out",
          "[storage]") {
  RashStorage storage;
  const Checked checked(storage);
  CHECK(checked.statuses == "ok skipped skipped ok ok skipped ok failed ok ok");
  CHECK(checked.of.at("conditional_writes").found ==
        "memory:: of 4 writers at once 4 were told that they were the first, and a later one was "
        "too, expected one whose object stays");
  CHECK_THAT(checked.of.at("conditional_writes").next_step, Contains("push nothing there"));
  CHECK(storage.list("").empty());
}

TEST_CASE("a storage that does not show what was written is found out", "[storage]") {
  StaleStorage storage;
  const Checked checked(storage);
  CHECK(checked.statuses == "ok skipped skipped ok ok skipped failed skipped skipped ok");
  CHECK(checked.of.at("write").code == ErrorCode::kCorrupt);
  CHECK_THAT(checked.of.at("write").found, Contains("was written and is then absent"));
  CHECK(storage.list("").empty());
}

TEST_CASE("a server that anybody in between can listen to is warned of", "[storage]") {
  ClearStorage storage;
  const Checked checked(storage);
  CHECK(checked.statuses == "ok skipped warning ok ok skipped ok ok ok ok");
  CHECK_THAT(checked.of.at("encryption").found,
             Contains("http://storage.example:9000 is asked without TLS"));
  CHECK_THAT(checked.of.at("encryption").next_step, Contains("https:// in place of http://"));
}

TEST_CASE("an endpoint is in the clear without TLS, but not on this machine", "[storage]") {
  struct Case {
    std::string endpoint;
    bool is_clear;
  };
  for (const Case& c :
       {Case{"http://storage:9000", true}, Case{"http://10.0.0.7", true},
        Case{"http://localhost.example", true}, Case{"http://[2001:db8::1]:9000", true},
        Case{"http://127.0.0.1:9000", false}, Case{"http://localhost:9000", false},
        Case{"http://[::1]:9000", false}, Case{"https://storage:9000", false}}) {
    CAPTURE(c.endpoint);
    const S3Storage storage(S3Settings::from_url("s3://team?endpoint=" + c.endpoint));
    CHECK(storage.unencrypted_server() == (c.is_clear ? c.endpoint : ""));
  }
  CHECK(S3Storage(S3Settings::from_url("s3://team")).unencrypted_server().empty());
}

TEST_CASE("a server that takes the condition and does not honour it is found out", "[storage]") {
  std::mutex mutex;
  std::map<std::string, std::string> objects;
  ScriptedServer server([&](ScriptedServer::Client& client) {
    const std::string request = client.request();
    const std::string method = request.substr(0, request.find(' '));
    const std::string path =
        request.substr(method.size() + 1, request.find(' ', method.size() + 1) - method.size() - 1);
    const std::lock_guard lock(mutex);
    const auto found = objects.find(path);
    if (path.find("list-type") != std::string::npos) return client.answer(200, kEmptyList);
    if (method == "PUT") {
      objects[path] = request.substr(request.find("\r\n\r\n") + 4);
      return client.answer(200, "", "ETag: \"x\"\r\n");
    }
    if (method == "DELETE") return objects.erase(path), client.answer(204, "");
    if (found == objects.end()) {
      return client.answer(404, method == "HEAD" ? "" : "<Error><Code>NoSuchKey</Code></Error>");
    }
    client.answer(200, method == "HEAD" ? "" : found->second, "ETag: \"x\"\r\n");
  });
  SECTION("which is all right where nobody else ever writes") {
    S3Storage single(
        S3Settings::from_url("s3://team/pets?mode=single-writer&endpoint=" + server.url()), {},
        {.attempts = 1});
    const Checked checked(single);
    CHECK(checked.statuses == "ok skipped ok ok ok skipped ok warning ok ok");
    CHECK_THAT(checked.of.at("conditional_writes").next_step, Contains("let nobody else"));
    return;
  }
  S3Storage storage = s3_at(server);
  const Checked checked(storage);
  CHECK(checked.statuses == "ok skipped ok ok ok skipped ok failed ok ok");
  const Check& check = checked.of.at("conditional_writes");
  CHECK(check.code == ErrorCode::kStorageUnsupported);
  CHECK_THAT(check.found, Contains("replaces an object that it was asked to put only if absent"));
  CHECK_THAT(check.next_step, Contains("a server that honours If-None-Match"));
  CHECK(objects.empty());
}

TEST_CASE("a clock that is wrong is a warning, and a failure where it is why nothing works",
          "[storage]") {
  int status = 404;
  std::string body = "nothing";
  ScriptedServer server([&](ScriptedServer::Client& client) {
    const bool is_head = client.request().starts_with("HEAD");
    client.answer(is_head && status == 404 ? 200 : status, is_head ? "" : body,
                  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  });
  SECTION("a mirror works all the same") {
    HttpStorage storage(server.url(), {}, {.attempts = 1});
    const Checked checked(storage);
    CHECK(checked.statuses == "ok warning ok ok skipped skipped skipped skipped skipped ok");
    CHECK_THAT(checked.of.at("clock").found,
               Contains("this machine's clock is") && Contains("hours ahead of the server's"));
    CHECK_THAT(checked.of.at("clock").next_step, Contains("timedatectl"));
  }
  SECTION("S3 refuses the signature") {
    status = 403;
    body = "<Error><Code>RequestTimeTooSkewed</Code><Message>too skewed</Message></Error>";
    S3Storage storage = s3_at(server);
    const Checked checked(storage);
    CHECK(checked.statuses ==
          "ok failed ok failed skipped skipped skipped skipped skipped skipped");
    CHECK(checked.of.at("clock").code == ErrorCode::kStorageRefused);
    CHECK_THAT(checked.of.at("credentials").found, Contains("this machine's clock is wrong"));
  }
}

TEST_CASE("an error's first line is what was found, and the rest the next step", "[storage]") {
  const Check check =
      Check::failed(Error(ErrorCode::kStorageRefused, "no right\n  try: ask for it\n  key: 'a'"));
  CHECK(check.found == "no right");
  CHECK(check.next_step == "ask for it\n  key: 'a'");
  CHECK(Check::failed(Error(ErrorCode::kCorrupt, "damaged: restore it")).next_step.empty());
}

}  // namespace pet::test
