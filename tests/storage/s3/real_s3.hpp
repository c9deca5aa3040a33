// On the S3 server of real_server.hpp: storages, and temporary credentials.
#pragma once

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "storage/percent.hpp"
#include "storage/s3/s3_storage.hpp"
#include "tests/storage/s3/real_server.hpp"

namespace pet::test {

inline std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Sets a variable for a while; null: there is none.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (std::getenv(name) != nullptr) before_ = std::getenv(name);
    set(value);
  }
  Environment(const char* name, const std::string& value) : Environment(name, value.c_str()) {}
  ~Environment() { set(before_ ? before_->c_str() : nullptr); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void set(const char* value) { value ? setenv(name_, value, 1) : unsetenv(name_); }

  const char* name_;
  std::optional<std::string> before_;
};

// The URL of a prefix in a bucket of all tests.
inline std::string bucket_url(const std::string& prefix) {
  static const bool made = (make_bucket("pets"), true);
  static_cast<void>(made);
  return "s3://pets/" + prefix;
}

// A bucket for each: a key below a prefix has less than S3's 1024 bytes.
inline std::unique_ptr<S3Storage> new_storage(const std::string& query = {}) {
  static std::atomic<int> count{0};
  const std::string name = "pets-" + std::to_string(++count);
  make_bucket(name);
  return std::make_unique<S3Storage>(S3Settings::from_url("s3://" + name + query));
}

struct TemporaryCredentials {
  S3Credentials credentials;
  std::string expires;  // as the server says it
};

// Of the server's own STS, for so long.
inline TemporaryCredentials temporary_credentials(std::chrono::seconds time) {
  const std::string body = "Action=AssumeRole&Version=2011-06-15&RoleSessionName=tests&RoleArn=" +
                           percent_encoded(environment("PET_S3_ROLE")) +
                           "&DurationSeconds=" + std::to_string(time.count());
  const std::string answer =
      ask_s3_server({.method = "POST",
                     .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                     .body = body,
                     .service = "sts"})
          .body;
  const auto value = [&](const std::string& name) {
    const std::size_t at = answer.find("<" + name + ">");
    REQUIRE(at != std::string::npos);
    const std::size_t from = at + name.size() + 2;
    return answer.substr(from, answer.find('<', from) - from);
  };
  return {{value("AccessKeyId"), value("SecretAccessKey"), value("SessionToken")},
          value("Expiration")};
}

}  // namespace pet::test
