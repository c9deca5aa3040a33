#include <filesystem>
#include <mutex>

#include "storage/error.hpp"
#include "storage/key.hpp"
#include "storage/s3/aws_files.hpp"
#include "storage/s3/credential_source.hpp"

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

namespace fs = std::filesystem;

// When a file was written, and how long it is; alike for two files that are missing.
struct Stamp {
  fs::file_time_type written = {};
  std::uintmax_t size = 0;
  bool operator==(const Stamp&) const = default;
};

Stamp stamp_of(const std::string& path) {
  std::error_code error;
  Stamp stamp;
  const fs::file_time_type written = fs::last_write_time(path, error);
  if (error) return stamp;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) return stamp;
  return {written, size};
}

class FileCredentials : public CredentialSource {
 public:
  explicit FileCredentials(std::string profile)
      : profile_(std::move(profile)), paths_{aws_credentials_path(), aws_config_path()} {}

  std::optional<S3Credentials> find() override {
    {
      // Before they are read: what is written meanwhile has another stamp.
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 0; i < 2; ++i) stamps_[i] = stamp_of(paths_[i]);
    }
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

  bool has_changed() override {
    const std::lock_guard lock(mutex_);
    return stamps_[0] != stamp_of(paths_[0]) || stamps_[1] != stamp_of(paths_[1]);
  }

  std::string where() const override {
    std::string text = "the profile " + pet::quoted(profile_);
    if (paths_[0].empty()) return text + " (there is no HOME)";
    text += " in " + paths_[0] + " or " + paths_[1];
    const std::string unfollowed = unfollowed_key(profile_);
    return unfollowed.empty() ? text : text + ", whose " + unfollowed + " is not followed here";
  }

 private:
  std::string profile_;
  std::string paths_[2];
  std::mutex mutex_;
  Stamp stamps_[2];
};

}  // namespace

std::unique_ptr<CredentialSource> file_credentials(const std::string& profile) {
  return std::make_unique<FileCredentials>(profile);
}

}  // namespace pet
