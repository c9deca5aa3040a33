// S3Storage against a real server, which tests/servers/with_s3 starts.
#include "storage/s3/s3_storage.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "storage/open_storage.hpp"
#include "storage/s3/multipart_upload.hpp"
#include "storage/s3/s3_connection.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/s3/real_s3.hpp"
#include "tests/storage/shell.hpp"
#include "tests/storage/storage_contract.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {
namespace {

std::unique_ptr<S3Storage> storage_at(const std::string& prefix) {
  return std::make_unique<S3Storage>(S3Settings::from_url(bucket_url(prefix)));
}

}  // namespace

TEST_CASE("S3Storage keeps the contract", "[s3]") {
  check_contract([] { return new_storage(); });
}

TEST_CASE("of many who put an object that is absent exactly one wins", "[s3]") {
  const auto storage = new_storage();
  for (int round = 0; round < 3; ++round) {
    const std::string key = "log/" + std::to_string(round);
    std::atomic<int> won{0};
    std::string winner;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 20; ++i) {
        threads.emplace_back([&, i] {
          if (!storage->put_if_absent(key, "writer " + std::to_string(i))) return;
          ++won;
          winner = "writer " + std::to_string(i);
        });
      }
    }
    CHECK(won == 1);
    CHECK(storage->get(key) == winner);
  }
}

TEST_CASE("a list goes on where the server's page ends", "[s3]") {
  const auto storage = new_storage();
  std::vector<std::string> keys;
  std::vector<PutItem> items;
  for (int i = 0; i < 1100; ++i) keys.push_back("k/" + std::to_string(10'000 + i));
  for (const std::string& key : keys) items.push_back({key, "x"});
  storage->put_many(items);
  CHECK(storage->list("k/") == keys);
  CHECK(storage->list("k/", keys[998], 50) ==
        std::vector<std::string>(keys.begin() + 999, keys.begin() + 1049));
}

TEST_CASE("objects of others, whose names are no keys, are in nobody's way", "[s3]") {
  make_bucket("mixed");
  const std::vector<std::string> theirs{"a b", "a!", "a+b", "a%41", "a&<\xC3\xA9"};
  for (const std::string& key : theirs) {
    ask_s3_server({.method = "PUT", .path = "/mixed/" + key, .body = "x"});
  }
  S3Storage storage(S3Settings::from_url("s3://mixed"));
  storage.put("a", "x");
  storage.put("b", "x");
  CHECK(storage.list("") == std::vector<std::string>{"a", "b"});
  S3Connection connection(S3Settings::from_url("s3://mixed"), {}, {});
  std::vector<std::string> all;
  for (const ListedObject& object : connection.list_page("", {}, 10).objects) {
    all.push_back(object.key);
  }
  CHECK(all == std::vector<std::string>{"a", "a b", "a!", "a%41", "a&<\xC3\xA9", "a+b", "b"});
}

TEST_CASE("the prefix keeps storages in one bucket apart", "[s3]") {
  const auto a = storage_at("apart/a");
  const auto b = storage_at("apart/ab");
  a->put("x", "of a");
  CHECK(b->get("x") == std::nullopt);
  CHECK(a->list("") == std::vector<std::string>{"x"});
  CHECK(storage_at("apart")->get("a/x") == "of a");
  CHECK(open_storage(bucket_url("apart/a"))->get("x") == "of a");
}

TEST_CASE("what S3 refuses is said in words, with the next step, and no secret", "[s3]") {
  const std::string endpoint = environment("AWS_ENDPOINT_URL_S3");
  bucket_url("");
  const auto asks = [](const std::string& from) {
    return open_storage(from)->get("plugins/A/latest.json");
  };
  CHECK_THROWS_MATCHES(asks("s3://no-such-bucket"), Error,
                       fails(ErrorCode::kStorageUnreachable,
                             {"s3://no-such-bucket?endpoint=" + endpoint,
                              "there is no bucket 'no-such-bucket'", "try: the right name"}));
  {
    const Environment wrong("AWS_SECRET_ACCESS_KEY", "wrong-secret");
    try {
      asks(bucket_url("x"));
      FAIL("accepted a wrong signature");
    } catch (const Error& error) {
      CHECK_THAT(error, fails(ErrorCode::kStorageRefused,
                              {"SignatureDoesNotMatch", "the credentials are wrong"}));
      CHECK_THAT(error.what(), !Catch::Matchers::Contains("wrong-secret"));
    }
  }
  {
    const Environment wrong("AWS_ACCESS_KEY_ID", "nobody");
    CHECK_THROWS_MATCHES(asks(bucket_url("x")), Error,
                         fails(ErrorCode::kStorageRefused, {"InvalidAccessKeyId"}));
  }
  {
    const Environment no_key("AWS_ACCESS_KEY_ID", nullptr);
    const Environment no_secret("AWS_SECRET_ACCESS_KEY", nullptr);
    CHECK_THROWS_MATCHES(
        asks(bucket_url("x")), Error,
        fails(ErrorCode::kStorageRefused,
              {"403", "no credentials were found in the environment", "/.aws/credentials",
               "try: AWS_ACCESS_KEY_ID", "the profile 'default' in ~/.aws/credentials"}));
  }
  {
    const Environment elsewhere("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9");
    S3Storage nowhere(S3Settings::from_url("s3://pets"), {}, {.attempts = 2, .sleep = [](auto) {}});
    CHECK_THROWS_MATCHES(nowhere.list(""), Error,
                         fails(ErrorCode::kStorageUnreachable,
                               {"s3://pets?endpoint=http://127.0.0.1:9: no answer: ", "try: "}));
  }
  const auto storage = new_storage();
  storage->put("large", std::string(1000, 'x'));
  CHECK_THROWS_MATCHES(storage->get("large", 999), Error,
                       fails(ErrorCode::kCorrupt, {"'large'", "1000", "999"}));
}

TEST_CASE("large objects go up in parts, of which none are left", "[s3]") {
  // The smallest parts that S3 takes.
  constexpr std::size_t kPart = std::size_t{5} << 20;
  make_bucket("uploads");
  S3Storage storage(S3Settings::from_url("s3://uploads"), {}, {},
                    {.in_parts_beyond = kPart, .part_size = kPart, .at_once = 3});
  std::string bytes(12'345'678, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 8));
  storage.put("put", bytes);
  CHECK((storage.get("put") == bytes));
  CHECK(storage.head("put")->size == bytes.size());
  CHECK(storage.put_if_absent("absent", bytes));
  CHECK_FALSE(storage.put_if_absent("absent", bytes + "x"));
  CHECK((storage.get("absent") == bytes));
  CHECK(storage.list("").size() == 2);

  S3Connection connection(S3Settings::from_url("s3://uploads"), {}, {});
  const auto uploads = [&] {
    const HttpResponse answer = connection.call({.query = {{"uploads", ""}}});
    CHECK(answer.status == 200);
    return answer.body;
  };
  {
    WatchedTransfer unseen({}, {}, {}, {});
    MultipartUpload given_up(connection, "given-up", bytes, {.part_size = kPart}, {}, unseen);
    given_up.send();
    CHECK_THAT(uploads(), Catch::Contains("given-up"));
  }
  CHECK_THAT(uploads(), Catch::Contains("ListMultipartUploadsResult"));
  CHECK_THAT(uploads(), !Catch::Contains("<UploadId>"));
}

TEST_CASE("what goes up in parts is read by others, and what others put in parts is read", "[s3]") {
  constexpr std::size_t kPart = std::size_t{5} << 20;
  make_bucket("shared");
  S3Storage storage(S3Settings::from_url("s3://shared"), {}, {},
                    {.in_parts_beyond = kPart, .part_size = kPart, .at_once = 3});
  std::string bytes(12'345'678, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 37 + (i >> 9));
  const TemporaryFolder folder;
  write_file(folder / "theirs", bytes);
  const std::string bucket = "':s3,provider=Ceph,env_auth=true,endpoint=\"" +
                             environment("AWS_ENDPOINT_URL_S3") + "\":shared";
  const std::string rclone =
      "rclone --config= --s3-no-check-bucket --s3-upload-cutoff=5M "
      "--s3-chunk-size=5M copyto ";

  storage.put("ours", bytes);
  const Ended down = run(rclone + bucket + "/ours' " + folder / "ours");
  CHECK(down.status == 0);
  CHECK_THAT(down.output, Catch::Equals(""));
  CHECK((read_file(folder / "ours") == bytes));

  const Ended up = run(rclone + folder / "theirs" + " " + bucket + "/theirs'");
  CHECK(up.status == 0);
  CHECK_THAT(up.output, Catch::Equals(""));
  CHECK((storage.get("theirs") == bytes));
}

}  // namespace pet::test
