#include <algorithm>

#include "storage/error.hpp"
#include "storage/s3/aws_files.hpp"
#include "storage/s3/credential_source.hpp"

namespace pet {
namespace {

// Keys of secrets' files often end in a line break, which no header may have.
void check_credential(const std::string& value, const std::string& name) {
  if (std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7F; })) return;
  throw Error(ErrorCode::kUsage,
              name +
                  " has a space, a line break or another character that no credential has"
                  "\n  try: set it without; `printf %s` adds no line break");
}

class EnvironmentCredentials : public CredentialSource {
 public:
  EnvironmentCredentials()
      : found_{.access_key = aws_variable("AWS_ACCESS_KEY_ID"),
               .secret_key = aws_variable("AWS_SECRET_ACCESS_KEY"),
               .session_token = aws_variable("AWS_SESSION_TOKEN")} {}

  std::optional<S3Credentials> find() override {
    check_credentials(found_, where());
    return found_.access_key.empty() ? std::nullopt : std::optional(found_);
  }
  std::string where() const override {
    return "the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)";
  }

 private:
  S3Credentials found_;
};

}  // namespace

void check_credentials(const S3Credentials& found, const std::string& where) {
  check_credential(found.access_key, "the access key of " + where);
  check_credential(found.secret_key, "the secret key of " + where);
  check_credential(found.session_token, "the session token of " + where);
  if (found.access_key.empty() == found.secret_key.empty()) return;
  throw Error(ErrorCode::kUsage,
              where + " has only one of access key and secret key\n  try: set both, or none");
}

std::unique_ptr<CredentialSource> environment_credentials() {
  return std::make_unique<EnvironmentCredentials>();
}

}  // namespace pet
