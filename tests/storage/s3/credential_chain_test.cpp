#include "storage/s3/credential_chain.hpp"

#include <sys/resource.h>

#include <filesystem>
#include <future>
#include <latch>
#include <thread>

#include "tests/storage/error_matcher.hpp"
#include "tests/storage/s3/clean_environment.hpp"
#include "tests/storage/s3/credential_agent.hpp"

namespace pet::test {
namespace {

using Client = ScriptedServer::Client;
using std::chrono::minutes;

// A clock that stands until it is set.
struct StoppedClock {
  std::chrono::system_clock::time_point start =
      std::chrono::sys_days(std::chrono::year(2030) / 1 / 1);
  std::atomic<int> minutes_later{0};
  CredentialChain::Clock clock() {
    return [this] { return start + minutes(minutes_later.load()); };
  }
};

// Of the reasons why a file cannot be read for a while, one that also holds for root.
struct NoFilesToOpen {
  NoFilesToOpen() {
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{0, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoFilesToOpen() { ::setrlimit(RLIMIT_NOFILE, &before); }
  rlimit before{};
};

CredentialChain chain_of(const std::string& url = "s3://team",
                         CredentialChain::Clock clock = std::chrono::system_clock::now) {
  return CredentialChain(S3Settings::from_url(url), std::move(clock));
}

}  // namespace

TEST_CASE("credentials come from the environment, else from files, else from the container",
          "[s3]") {
  const CleanEnvironment clean;
  CHECK(chain_of().current() == S3Credentials{});
  CredentialAgent agent;
  agent.announce();
  CHECK(chain_of().current() == S3Credentials{"key-1", "secret", "token"});
  CHECK_THAT(chain_of().places(),
             Catch::Matchers::Contains("the environment (AWS_ACCESS_KEY_ID") &&
                 Catch::Matchers::Contains("the profile 'default' in " + clean.folder.path()) &&
                 Catch::Matchers::Contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
  clean.write("config", "[default]\naws_access_key_id = F\naws_secret_access_key = S\n");
  CHECK(chain_of().current().access_key == "F");
  setenv("AWS_ACCESS_KEY_ID", "E", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
  CHECK(chain_of().current().access_key == "E");
  CHECK(agent.requests() == 1);
  // A profile that the URL names is all that counts.
  CHECK_THROWS_MATCHES(chain_of("s3://team?profile=pets").current(), Error,
                       fails(ErrorCode::kUsage, {"the profile 'pets' has no credentials: looked at",
                                                 clean.folder.path() + "/.aws/credentials",
                                                 "try: aws_access_key_id"}));
}

TEST_CASE("a profile of a kind that is not followed is said to be one", "[s3]") {
  const CleanEnvironment clean;
  clean.write("config",
              "[profile pets]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n");
  CHECK_THROWS_MATCHES(
      chain_of("s3://team?profile=pets").current(), Error,
      fails(ErrorCode::kUsage,
            {"the profile 'pets' has no credentials: looked at ",
             "/.aws/config, whose role_arn is not followed here",
             "try: the variables that 'aws configure export-credentials --format env --profile "
             "pets'"}));
}

TEST_CASE("credentials are asked for again before they expire, and not sooner", "[s3]") {
  const CleanEnvironment clean;
  CredentialAgent agent([](Client& client, const std::string&, int number) {
    CredentialAgent::answer_number(client, number,
                                   number == 1 ? "2030-01-01T01:00:00Z" : "2030-01-01T02:00:00.5Z");
  });
  agent.announce();
  StoppedClock time;
  CredentialChain chain = chain_of("s3://team", time.clock());
  CHECK(chain.last() == S3Credentials{});
  for (const int later : {0, 30, 54}) {
    time.minutes_later = later;
    CHECK(chain.current().access_key == "key-1");
  }
  CHECK(agent.requests() == 1);
  time.minutes_later = 55;
  CHECK(chain.current().access_key == "key-2");
  CHECK(chain.last().access_key == "key-2");
  CHECK(agent.requests() == 2);
}

TEST_CASE("an agent that fails is no matter until the credentials have expired", "[s3]") {
  const CleanEnvironment clean;
  std::atomic<bool> works{true};
  CredentialAgent agent([&](Client& client, const std::string&, int number) {
    if (!works) return client.answer(400, "");
    CredentialAgent::answer_number(client, number,
                                   number == 1 ? "2030-01-01T01:00:00Z" : "2030-01-01T09:00:00Z");
  });
  agent.announce();
  StoppedClock time;
  CredentialChain chain = chain_of("s3://team", time.clock());
  chain.current();
  works = false;
  time.minutes_later = 56;
  for (int i = 0; i < 3; ++i) CHECK(chain.current().access_key == "key-1");
  CHECK(agent.requests() == 2);  // not with each request to S3
  time.minutes_later = 60;
  CHECK_THROWS_MATCHES(chain.current(), Error,
                       fails(ErrorCode::kStorageRefused, {"unexpected answer: 400", "try: "}));
  works = true;
  CHECK(chain.current().access_key == "key-4");
}

TEST_CASE("many whose credentials have expired ask once", "[s3]") {
  const CleanEnvironment clean;
  CredentialAgent agent([](Client& client, const std::string&, int number) {
    CredentialAgent::answer_number(client, number,
                                   number == 1 ? "2030-01-01T01:00:00Z" : "2030-01-01T09:00:00Z");
  });
  agent.announce();
  StoppedClock time;
  CredentialChain chain = chain_of("s3://team", time.clock());
  chain.current();
  time.minutes_later = 61;
  std::atomic<int> renewed{0};
  {
    std::latch together(16);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        together.arrive_and_wait();
        if (chain.current().access_key == "key-2") ++renewed;
      });
    }
  }
  CHECK(renewed == 16);
  CHECK(agent.requests() == 2);
}

TEST_CASE("while one renews early the others go on", "[s3]") {
  const CleanEnvironment clean;
  std::promise<void> asked;
  std::promise<void> others_went_on;
  std::shared_future<void> may_answer = others_went_on.get_future();
  CredentialAgent agent([&](Client& client, const std::string&, int number) {
    if (number == 2) {
      asked.set_value();
      may_answer.wait();
    }
    CredentialAgent::answer_number(client, number,
                                   number == 1 ? "2030-01-01T01:00:00Z" : "2030-01-01T09:00:00Z");
  });
  agent.announce();
  StoppedClock time;
  CredentialChain chain = chain_of("s3://team", time.clock());
  chain.current();
  time.minutes_later = 58;
  std::string renewed;
  std::jthread renews([&] { renewed = chain.current().access_key; });
  asked.get_future().wait();
  const std::string meanwhile = chain.current().access_key;
  others_went_on.set_value();
  renews.join();
  CHECK(meanwhile == "key-1");
  CHECK(renewed == "key-2");
}

TEST_CASE("what a server calls expired is asked for once, and again only after a while", "[s3]") {
  const CleanEnvironment clean;
  std::atomic<bool> is_new{true};
  CredentialAgent agent([&](Client& client, const std::string&, int number) {
    CredentialAgent::answer_number(client, is_new ? number : 0);
  });
  agent.announce();
  StoppedClock time;
  CredentialChain chain = chain_of("s3://team", time.clock());
  const S3Credentials first = chain.current();
  CHECK(chain.renew(first));
  CHECK(chain.current().access_key == "key-2");
  CHECK(chain.renew(first));  // somebody else has
  CHECK(agent.requests() == 2);
  is_new = false;
  CHECK(chain.renew(chain.current()));
  const S3Credentials same = chain.current();
  for (int i = 0; i < 3; ++i) CHECK_FALSE(chain.renew(same));
  CHECK(agent.requests() == 4);
  time.minutes_later = 1;
  CHECK_FALSE(chain.renew(same));
  CHECK(agent.requests() == 5);
}

TEST_CASE("credentials that come after the start are found, and not looked for at every request",
          "[s3]") {
  const CleanEnvironment clean;
  StoppedClock time;
  CredentialChain chain = chain_of("s3://team", time.clock());
  CHECK(chain.current() == S3Credentials{});
  clean.write("credentials", "[default]\naws_access_key_id=A\naws_secret_access_key=S\n");
  CHECK(chain.current() == S3Credentials{});
  time.minutes_later = 1;
  CHECK(chain.current().access_key == "A");
  CHECK(chain.last().access_key == "A");
}

TEST_CASE("a public bucket is asked without credentials for as long as there are none", "[s3]") {
  const CleanEnvironment clean;
  StoppedClock time;
  CredentialChain chain = chain_of("s3://team", time.clock());
  for (const int later : {0, 1, 2}) {
    time.minutes_later = later;
    CHECK(chain.current() == S3Credentials{});
  }
}

TEST_CASE("a changed file that could not be read is read as soon as it can be", "[s3]") {
  const CleanEnvironment clean;
  clean.write("credentials", "[default]\naws_access_key_id=old\naws_secret_access_key=S\n");
  StoppedClock time;
  CredentialChain chain = chain_of("s3://team", time.clock());
  CHECK(chain.current().access_key == "old");
  clean.write("credentials", "[default]\naws_access_key_id=newer\naws_secret_access_key=S\n");
  {
    const NoFilesToOpen none;
    CHECK(chain.current().access_key == "old");
  }
  time.minutes_later = 1;
  CHECK(chain.current().access_key == "newer");
}

TEST_CASE("another file in the old one's place is read, as old and as long as that", "[s3]") {
  const CleanEnvironment clean;
  const std::string path = clean.folder / ".aws/credentials";
  clean.write("credentials", "[default]\naws_access_key_id=one\naws_secret_access_key=S\n");
  clean.write("next", "[default]\naws_access_key_id=two\naws_secret_access_key=S\n");
  CredentialChain chain = chain_of();
  CHECK(chain.current().access_key == "one");
  std::filesystem::last_write_time(clean.folder / ".aws/next",
                                   std::filesystem::last_write_time(path));
  std::filesystem::rename(clean.folder / ".aws/next", path);
  CHECK(chain.current().access_key == "two");
}

TEST_CASE("files are read again when they have changed", "[s3]") {
  const CleanEnvironment clean;
  const auto profile = [](const std::string& token) {
    return "[default]\naws_access_key_id=A\naws_secret_access_key=S\naws_session_token=" + token;
  };
  clean.write("credentials", profile("one"));
  CredentialChain chain = chain_of();
  CHECK(chain.current().session_token == "one");
  clean.write("credentials", profile("second"));
  CHECK(chain.current().session_token == "second");
  // While it is written, and when it is gone, what was read goes on.
  clean.write("credentials", "[default]\naws_access_key_id=A");
  CHECK(chain.current().session_token == "second");
  std::filesystem::remove(clean.folder / ".aws/credentials");
  CHECK(chain.current().session_token == "second");
  CHECK_THROWS_MATCHES(
      chain_of("s3://team?profile=default").current(), Error,
      fails(ErrorCode::kUsage, {"the profile 'default' has no credentials: looked at"}));
}

}  // namespace pet::test
