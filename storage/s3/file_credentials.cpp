#include <array>
#include <mutex>

#include "storage/error.hpp"
#include "storage/key.hpp"
#include "storage/s3/aws_files.hpp"
#include "storage/s3/credential_source.hpp"
#include "storage/s3/file_stamp_posix.hpp"

namespace pet {
std::string unfollowed_key(const std::string& profile) try {
  constexpr const char* kKeys[] = {"role_arn",           "sso_session",
                                   "sso_start_url",      "web_identity_token_file",
                                   "credential_process", "login_session"};
  for (const std::string& path : {aws_config_path(), aws_credentials_path()}) {
    const std::string text = read_aws_file(path);
    for (const char* key : kKeys) {
      if (!ini_value(text, profile, key).empty()) return key;
    }
  }
  return {};
} catch (const Error&) {
  return {};  // it is a hint alone
}

namespace {

class FileCredentials : public CredentialSource {
 public:
  explicit FileCredentials(std::string profile)
      : profile_(std::move(profile)), paths_{aws_credentials_path(), aws_config_path()} {}

  std::optional<S3Credentials> find() override {
    // Taken before they are read: what is written meanwhile has another stamp. Kept only when they
    // could be read: what can be read later need not have another.
    const Stamps stamps = stamps_now();
    std::optional<S3Credentials> found = read();
    const std::lock_guard lock(mutex_);
    stamps_ = stamps;
    return found;
  }

  bool has_changed() override {
    const std::lock_guard lock(mutex_);
    return stamps_ != stamps_now();
  }

  std::string where() const override {
    std::string text = "the profile " + pet::quoted(profile_);
    if (paths_[0].empty()) return text + " (there is no HOME)";
    text += " in " + paths_[0] + " or " + paths_[1];
    const std::string unfollowed = unfollowed_key(profile_);
    return unfollowed.empty() ? text : text + ", whose " + unfollowed + " is not followed here";
  }

 private:
  using Stamps = std::array<FileStamp, 2>;

  Stamps stamps_now() const { return {file_stamp(paths_[0]), file_stamp(paths_[1])}; }

  std::optional<S3Credentials> read() const {
    for (const std::string& path : paths_) {
      const std::string text = read_aws_file(path);
      S3Credentials found{.access_key = ini_value(text, profile_, "aws_access_key_id"),
                          .secret_key = ini_value(text, profile_, "aws_secret_access_key"),
                          .session_token = ini_value(text, profile_, "aws_session_token")};
      check_credentials(found, "the profile " + pet::quoted(profile_) + " in " + path);
      if (!found.access_key.empty()) return found;
    }
    return std::nullopt;
  }

  std::string profile_;
  std::string paths_[2];
  std::mutex mutex_;
  Stamps stamps_;
};

}  // namespace

std::unique_ptr<CredentialSource> file_credentials(const std::string& profile) {
  return std::make_unique<FileCredentials>(profile);
}

}  // namespace pet
