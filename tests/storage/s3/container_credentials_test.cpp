// The agent of a container: which are asked, how, and what they may answer.
#include "storage/error.hpp"
#include "storage/s3/credential_source.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/s3/clean_environment.hpp"
#include "tests/storage/s3/credential_agent.hpp"

namespace pet::test {
namespace {

using Client = ScriptedServer::Client;

std::string refusal(ErrorCode code) {
  try {
    container_credentials()->find();
  } catch (const Error& error) {
    CHECK(error.code() == code);
    const std::string text = error.what();
    CHECK_THAT(text, Catch::Matchers::Contains("try: ") && !Catch::Matchers::Contains("s3cret"));
    return text;
  }
  return "answered";
}

}  // namespace

TEST_CASE("the agent is shown the token, which is read again each time", "[s3]") {
  const CleanEnvironment clean;
  CHECK(container_credentials() == nullptr);
  std::string shown;
  CredentialAgent agent([&](Client& client, const std::string& request, int number) {
    const std::size_t at = request.find("Authorization: ");
    shown =
        at == std::string::npos ? "" : request.substr(at + 15, request.find('\r', at) - at - 15);
    CredentialAgent::answer_number(client, number, "2030-01-31T12:34:56Z");
  });
  agent.announce();
  using namespace std::chrono;
  CHECK(container_credentials()->find()->expires ==
        sys_days(year(2030) / 1 / 31) + hours(12) + minutes(34) + seconds(56));
  CHECK(shown.empty());
  setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic s3cret", 1);
  container_credentials()->find();
  CHECK(shown == "Basic s3cret");
  setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", (clean.folder / "token").c_str(), 1);
  write_file(clean.folder / "token", "one\n");
  const auto source = container_credentials();
  source->find();
  CHECK(shown == "one");
  write_file(clean.folder / "token", "two");
  source->find();
  CHECK(shown == "two");

  write_file(clean.folder / "token", "a\r\nX-Secret: s3cret");
  CHECK_THAT(refusal(ErrorCode::kUsage), Catch::Matchers::Contains("a line break"));
  std::filesystem::remove(clean.folder / "token");
  CHECK_THAT(refusal(ErrorCode::kUsage),
             Catch::Matchers::Contains(clean.folder / "token" + ", cannot be read, or is empty"));
}

TEST_CASE("credentials that an agent hands out for thousands of years do not expire", "[s3]") {
  const CleanEnvironment clean;
  CredentialAgent agent([](Client& client, const std::string&, int number) {
    CredentialAgent::answer_number(client, number, "9999-12-31T23:59:59Z");
  });
  agent.announce();
  CHECK(container_credentials()->find()->expires == std::chrono::system_clock::time_point::max());
}

TEST_CASE("no proxy is asked for the container's credentials", "[s3]") {
  const CleanEnvironment clean;
  CredentialAgent agent;
  agent.announce();
  setenv("http_proxy", "http://127.0.0.1:9", 1);
  CHECK(container_credentials()->find()->access_key == "key-1");
  unsetenv("http_proxy");
}

TEST_CASE("over plain http nobody off this machine is asked for credentials", "[s3]") {
  const CleanEnvironment clean;
  struct Case {
    const char* variable;
    const char* value;
    const char* why;
  };
  const char* const full = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  const char* const relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
  for (const Case& c : {
           Case{full, "http://pets.example/x", "'pets.example', which is not this machine"},
           Case{full, "http://169.254.170.3/x", "'169.254.170.3', which is not this machine"},
           Case{full, "http://127.0.0.1.pets.example/", "which is not this machine"},
           Case{full, "http://[fd00:ec2::24]/x", "'[fd00:ec2::24]', which is not this machine"},
           Case{full, "http://ann:s3cret@127.0.0.1/", "is not http://HOST/… or https://HOST/…"},
           Case{full, "ftp://127.0.0.1/", "is not http://HOST/… or https://HOST/…"},
           Case{full, "/x", "is not http://HOST/… or https://HOST/…"},
           Case{relative, "x", "does not begin with '/'"},
           Case{relative, ".pets.example/x", "does not begin with '/'"},
       }) {
    CAPTURE(c.value);
    setenv(c.variable, c.value, 1);
    CHECK_THAT(refusal(ErrorCode::kUsage), Catch::Matchers::Contains(c.why));
    unsetenv(c.variable);
  }
}

TEST_CASE("what an agent should not answer is a typed error, and none of it is repeated", "[s3]") {
  const CleanEnvironment clean;
  setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "s3cret-token", 1);
  struct Case {
    int status;
    std::string body;
    ErrorCode code;
    std::string says;
  };
  const std::string none = "the answer has no credentials in it";
  for (const Case& c : {
           Case{401, "s3cret", ErrorCode::kStorageRefused, "the agent does not take the token"},
           Case{404, "", ErrorCode::kStorageRefused, "unexpected answer: 404"},
           Case{302, "", ErrorCode::kStorageRefused, "unexpected answer: 302"},
           Case{500, "", ErrorCode::kStorageUnreachable, "the server fails: 500"},
           Case{200, "<html>", ErrorCode::kStorageUnreachable, none},
           Case{200, "", ErrorCode::kStorageUnreachable, none},
           Case{200, "[]", ErrorCode::kStorageUnreachable, none},
           Case{200, R"({"AccessKeyId": "s3cret"})", ErrorCode::kStorageUnreachable, none},
           Case{200, R"({"AccessKeyId": 1, "SecretAccessKey": "s3cret"})",
                ErrorCode::kStorageUnreachable, none},
           Case{200, credential_answer("a", "s3cret", "t", "tomorrow"),
                ErrorCode::kStorageUnreachable, none},
           Case{200, credential_answer("a", "s3cret", "t", "2030-13-01T00:00:00Z"),
                ErrorCode::kStorageUnreachable, none},
           Case{200, std::string(60'000, '['), ErrorCode::kStorageUnreachable, none},
           Case{200, std::string(70'000, ' ') + credential_answer("a", "s3cret", "t", ""),
                ErrorCode::kStorageUnreachable, none},
           Case{200, credential_answer("a", "s3cret\\n", "t", ""), ErrorCode::kUsage,
                "a line break"},
       }) {
    CAPTURE(c.status, c.body.substr(0, 100));
    CredentialAgent agent([&](Client& client, const std::string&, int) {
      client.answer(c.status, c.body, "Location: http://127.0.0.1:9/\r\n");
    });
    agent.announce();
    CHECK_THAT(refusal(c.code),
               Catch::Matchers::Contains(c.says) &&
                   Catch::Matchers::Contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
  }
}

TEST_CASE("an agent that is not there is unreachable", "[s3]") {
  const CleanEnvironment clean;
  setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/creds", 1);
  CHECK_THAT(refusal(ErrorCode::kStorageUnreachable),
             Catch::Matchers::Contains("no answer: ") &&
                 Catch::Matchers::Contains("is the agent running"));
}

}  // namespace pet::test
