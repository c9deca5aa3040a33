// Temporary credentials, which the real server's own STS makes and the server checks.
#include <thread>

#include "storage/open_storage.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/s3/credential_agent.hpp"
#include "tests/storage/s3/real_s3.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {
namespace {

using Client = ScriptedServer::Client;
using std::chrono::seconds;

// No keys in the environment, and no files but the test's.
struct NoKeys {
  TemporaryFolder home;
  Environment folder{"HOME", home.path()};
  Environment key{"AWS_ACCESS_KEY_ID", nullptr};
  Environment secret{"AWS_SECRET_ACCESS_KEY", nullptr};

  void write(const S3Credentials& credentials) const {
    write_file(home / ".aws/credentials",
               "[default]\naws_access_key_id = " + credentials.access_key +
                   "\naws_secret_access_key = " + credentials.secret_key +
                   "\naws_session_token = " + credentials.session_token + "\n");
  }
};

// Credentials that have expired, as the server sees it.
TemporaryCredentials expired_credentials() {
  TemporaryCredentials found = temporary_credentials(seconds(1));
  std::this_thread::sleep_for(seconds(2));
  return found;
}

void answer_with(Client& client, const TemporaryCredentials& found) {
  client.answer(200, credential_answer(found.credentials.access_key, found.credentials.secret_key,
                                       found.credentials.session_token, found.expires));
}

}  // namespace

TEST_CASE("the server takes requests that are signed with a session token, and no other token",
          "[s3]") {
  const std::string url = bucket_url("session");
  const S3Credentials found = temporary_credentials(seconds(900)).credentials;
  const S3Credentials others = temporary_credentials(seconds(900)).credentials;
  const Environment key("AWS_ACCESS_KEY_ID", found.access_key);
  const Environment secret("AWS_SECRET_ACCESS_KEY", found.secret_key);
  {
    const Environment token("AWS_SESSION_TOKEN", found.session_token);
    const auto storage = open_storage(url);
    storage->put("a", "x");
    CHECK(storage->put_if_absent("b", "y"));
    CHECK(storage->get("a") == "x");
    CHECK(storage->list("") == std::vector<std::string>{"a", "b"});
    CHECK(storage->remove("b"));
  }
  for (const std::string& wrong : {others.session_token, std::string("bm8gdG9rZW4=")}) {
    const Environment token("AWS_SESSION_TOKEN", wrong);
    try {
      open_storage(url)->get("a");
      FAIL("a wrong token was accepted");
    } catch (const Error& error) {
      CHECK_THAT(error, fails(ErrorCode::kStorageRefused, {"403", "try: "}));
      CHECK_THAT(error.what(), !Catch::Matchers::Contains(wrong));
    }
  }
}

TEST_CASE("credentials of a container are renewed when the server would not take them any more",
          "[s3]") {
  const std::string url = bucket_url("container");
  const TemporaryCredentials first = temporary_credentials(seconds(2));
  const TemporaryCredentials second = temporary_credentials(seconds(900));
  const NoKeys no_keys;
  CredentialAgent agent([&](Client& client, const std::string& request, int number) {
    if (request.find("Authorization: the-token\r\n") == std::string::npos) {
      return client.answer(401, "");
    }
    answer_with(client, number == 1 ? first : second);
  });
  agent.announce();
  const Environment address("AWS_CONTAINER_CREDENTIALS_FULL_URI",
                            environment("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
  {
    const Environment token("AWS_CONTAINER_AUTHORIZATION_TOKEN", "the-token");
    const auto storage = open_storage(url);
    storage->put("a", "x");
    std::this_thread::sleep_for(seconds(3));
    CHECK(storage->get("a") == "x");
    storage->put("a", "y");
    CHECK(agent.requests() == 2);
  }
  {
    const Environment token("AWS_CONTAINER_AUTHORIZATION_TOKEN", "another");
    CHECK_THROWS_MATCHES(open_storage(url)->get("a"), Error,
                         fails(ErrorCode::kStorageRefused,
                               {url + "?endpoint=", "the agent does not take the token"}));
  }
  unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

TEST_CASE("credentials in a file that were written anew are the ones that count", "[s3]") {
  const std::string url = bucket_url("files");
  const TemporaryCredentials old = expired_credentials();
  const S3Credentials fresh = temporary_credentials(seconds(900)).credentials;
  const NoKeys no_keys;
  no_keys.write(old.credentials);
  const auto storage = open_storage(url);
  CHECK_THROWS_MATCHES(storage->get("a"), Error,
                       fails(ErrorCode::kStorageRefused, {"403", "new temporary credentials"}));
  no_keys.write(fresh);
  storage->put("a", "x");
  CHECK(storage->get("a") == "x");
}

TEST_CASE("credentials that the agent hands out too late are refused", "[s3]") {
  const std::string url = bucket_url("late");
  const TemporaryCredentials late = expired_credentials();
  const NoKeys no_keys;
  CredentialAgent agent(
      [&](Client& client, const std::string&, int) { answer_with(client, late); });
  agent.announce();
  CHECK_THROWS_MATCHES(
      open_storage(url)->get("a"), Error,
      fails(ErrorCode::kStorageRefused, {"have expired already", "clock right (timedatectl)"}));
  unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

}  // namespace pet::test
