// The protocol: a GET with the token as Authorization; the answer is
//   {"AccessKeyId": …, "SecretAccessKey": …, "Token": …, "Expiration": "2026-01-31T12:00:00Z"}
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html)
#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>

#include "storage/ascii.hpp"
#include "storage/error.hpp"
#include "storage/http/http_client.hpp"
#include "storage/http/http_problem.hpp"
#include "storage/http/retry.hpp"
#include "storage/http/url.hpp"
#include "storage/key.hpp"
#include "storage/s3/aws_files.hpp"
#include "storage/s3/credential_source.hpp"

namespace pet {
namespace {

constexpr char kRelative[] = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr char kFull[] = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr char kAgent[] = "http://169.254.170.2";
constexpr std::uint64_t kMaxAnswer = 64 << 10;
constexpr std::size_t kMaxToken = 16 << 10;
constexpr char kNoCredentials[] =
    "the answer has no credentials in it\n  try: is it the agent that answers there?";

// Where the token may go without TLS: to nobody off this machine.
bool is_near(const Url& url) {
  constexpr std::array<std::string_view, 3> kAgents{"169.254.170.2", "169.254.170.23",
                                                    "[fd00:ec2::23]"};
  return url.is_loopback() || std::ranges::find(kAgents, url.host) != kAgents.end();
}

[[noreturn]] void throw_usage(const std::string& why, const std::string& try_this) {
  throw Error(ErrorCode::kUsage, why + "\n  try: " + try_this);
}

// The address that the variable `name` has, checked.
std::string checked_address(const std::string& name, const std::string& value) {
  if (name == kRelative && !value.starts_with('/')) {
    throw_usage(name + " does not begin with '/'", std::string(kFull) + " for a whole URL");
  }
  const std::string address = name == kRelative ? kAgent + value : value;
  const std::optional<Url> url = Url::parse(address);
  const bool is_http = url && url->scheme == "http";
  if (!url || url->has_user || url->host.empty() || (!is_http && url->scheme != "https")) {
    throw_usage(name + " is not http://HOST/… or https://HOST/…", "the URL of the agent");
  }
  if (is_http && !is_near(*url)) {
    throw_usage(name + " would have credentials sent over plain http from " +
                    pet::quoted(url->host) + ", which is not this machine",
                "https://, loopback, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]");
  }
  return address;
}

// "2026-01-31T12:00:00Z", perhaps with a part of a second; nullopt for all else.
std::optional<std::chrono::system_clock::time_point> time_of(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() <= kForm.size() || text.back() != 'Z') return std::nullopt;
  for (std::size_t i = 0; i < text.size() - 1; ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    const char wanted = i < kForm.size() ? kForm[i] : i == kForm.size() ? '.' : '0';
    if (wanted == '0' ? !is_digit : text[i] != wanted) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + size, value);
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!day.ok()) return std::nullopt;
  using Time = std::chrono::system_clock::time_point;
  const std::chrono::sys_seconds time =
      std::chrono::sys_days(day) + std::chrono::hours(number(11, 2)) +
      std::chrono::minutes(number(14, 2)) + std::chrono::seconds(number(17, 2));
  // The clock counts nanoseconds, up to 2262; "9999-12-31T23:59:59Z" is said for "never".
  if (time >= std::chrono::floor<std::chrono::seconds>(Time::max())) return Time::max();
  if (time < std::chrono::sys_seconds{}) return Time{};
  return time;
}

std::string text_in(const rapidjson::Document& answer, const char* name) {
  const auto member = answer.FindMember(name);
  if (member == answer.MemberEnd() || !member->value.IsString()) return "";
  return {member->value.GetString(), member->value.GetStringLength()};
}

// nullopt for what are no credentials; the answer is not repeated, since it may hold some.
std::optional<S3Credentials> credentials_in(const std::string& body) {
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::Document answer;
  answer.Parse<kFlags>(body.data(), body.size());
  if (answer.HasParseError() || !answer.IsObject()) return std::nullopt;
  S3Credentials found{.access_key = text_in(answer, "AccessKeyId"),
                      .secret_key = text_in(answer, "SecretAccessKey"),
                      .session_token = text_in(answer, "Token")};
  if (found.access_key.empty() || found.secret_key.empty()) return std::nullopt;
  if (answer.HasMember("Expiration")) {
    found.expires = time_of(text_in(answer, "Expiration"));
    if (!found.expires) return std::nullopt;
  }
  return found;
}

class ContainerCredentials : public CredentialSource {
 public:
  ContainerCredentials()
      : named_(aws_variable(kRelative).empty() ? kFull : kRelative),
        address_(aws_variable(named_)),
        token_(aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")),
        token_file_(aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")),
        http_({.connect = std::chrono::seconds(2),
               .stall = std::chrono::seconds(5),
               .deadline = std::chrono::seconds(5),
               .ca_file = aws_variable("AWS_CA_BUNDLE"),
               .use_proxy = false}) {}

  std::optional<S3Credentials> find() override {
    HttpRequest request{.url = checked_address(named_, address_), .max_body = kMaxAnswer};
    const std::string token = this->token();
    if (!token.empty()) request.headers.emplace_back("Authorization", token);
    const HttpResponse response = ask(request);
    if (response.status != 200) refuse(response);
    std::optional<S3Credentials> found = credentials_in(response.body);
    if (!found) throw about(ErrorCode::kStorageUnreachable, kNoCredentials);
    check_credentials(*found, where());
    return found;
  }

  std::string where() const override {
    return std::string("the container's credentials (") + named_ + ")";
  }

 private:
  Error about(ErrorCode code, const std::string& what) const {
    return {code, where() + ": " + what};
  }

  // A file is read each time: who writes it replaces the token before it expires.
  std::string token() const {
    std::string token = token_;
    if (!token_file_.empty()) {
      std::ifstream file(token_file_, std::ios::binary);
      token.resize(kMaxToken + 1);
      file.read(token.data(), static_cast<std::streamsize>(token.size()));
      token.resize(static_cast<std::size_t>(file.gcount()));
      if (token.empty()) {
        throw about(ErrorCode::kUsage, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, " + token_file_ +
                                           ", cannot be read, or is empty\n  try: a file with the "
                                           "agent's token, readable for this user");
      }
    }
    token = trimmed(token);
    if (token.size() <= kMaxToken &&
        std::ranges::all_of(token, [](char c) { return c >= ' ' && c < 0x7F; })) {
      return token;
    }
    throw about(
        ErrorCode::kUsage,
        "the agent's token has a line break or another character that no header has\n  try: "
        "the token alone, in one line");
  }

  HttpResponse ask(const HttpRequest& request) {
    try {
      return with_retries({.attempts = 3, .total = std::chrono::seconds(10)},
                          [&] { return http_.send(request); });
    } catch (const HttpFailure& failure) {
      if (failure.kind() == HttpFailure::Kind::kTooLarge) {
        throw about(ErrorCode::kStorageUnreachable, kNoCredentials);
      }
      const HttpProblem problem = problem_of(failure, "AWS_CA_BUNDLE", "is the agent running");
      throw about(problem.code, problem.text);
    }
  }

  [[noreturn]] void refuse(const HttpResponse& response) const {
    const std::string said = std::to_string(response.status);
    if (is_failing(response.status)) {
      const HttpProblem problem = failing_problem(said);
      throw about(problem.code, problem.text);
    }
    if (response.status == 401 || response.status == 403) {
      throw about(ErrorCode::kStorageRefused,
                  said +
                      ": the agent does not take the token\n  try: the token of "
                      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or "
                      "AWS_CONTAINER_AUTHORIZATION_TOKEN that belongs to this container");
    }
    throw about(ErrorCode::kStorageRefused,
                "unexpected answer: " + said + "\n  try: the right address in " + named_);
  }

  const char* named_;
  std::string address_;
  std::string token_;
  std::string token_file_;
  HttpClient http_;
};

}  // namespace

std::unique_ptr<CredentialSource> container_credentials() {
  if (aws_variable(kRelative).empty() && aws_variable(kFull).empty()) return nullptr;
  return std::make_unique<ContainerCredentials>();
}

}  // namespace pet
