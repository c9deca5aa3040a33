// CredentialSource: one place where credentials for S3 may be. (Inside storage/s3 only.)
//
// Each reads its part of the environment when it is made, and nothing else before find().
//
// Threads: find() one at a time, has_changed() any time.
// Throws:  find(): pet::Error, never with a secret. kUsage: what is there cannot be credentials.
//          kStorageUnreachable: asking again may help. kStorageRefused: it will not.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "storage/s3/sigv4.hpp"

namespace pet {

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;

  // What is there now; nullopt: nothing.
  virtual std::optional<S3Credentials> find() = 0;

  // Whether find() might say something else than the last time; costs next to nothing.
  virtual bool has_changed() { return false; }

  // For messages: "the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)".
  virtual std::string where() const = 0;
};

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
std::unique_ptr<CredentialSource> environment_credentials();

// A profile of ~/.aws/credentials, else of ~/.aws/config.
std::unique_ptr<CredentialSource> file_credentials(const std::string& profile);

// Where else such a profile would have AWS's own tools get credentials, which is not done here: "role_arn".
// Empty: nowhere, or the files cannot be read.
std::string unfollowed_key(const std::string& profile);

// What an agent beside the program hands out (ECS, EKS and their like): at
// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI of 169.254.170.2, or AWS_CONTAINER_CREDENTIALS_FULL_URI. Null
// when the environment names none.
std::unique_ptr<CredentialSource> container_credentials();

// Throws kUsage for half of a pair, and for characters that no credential has.
void check_credentials(const S3Credentials& found, const std::string& where);

}  // namespace pet
