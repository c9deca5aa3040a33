// No settings of AWS's but the test's own: an empty home, and none of the variables. Tests set some; the
// next one that wants none makes it anew.
#pragma once

#include <cstdlib>
#include <string>

#include "tests/storage/temporary_folder.hpp"

namespace pet::test {

struct CleanEnvironment {
  CleanEnvironment() {
    for (const char* name :
         {"AWS_ACCESS_KEY_ID", "AWS_CA_BUNDLE", "AWS_CONFIG_FILE",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE",
          "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
          "AWS_SHARED_CREDENTIALS_FILE"}) {
      unsetenv(name);
    }
    setenv("HOME", folder.path().c_str(), 1);
  }
  // A file below ~/.aws.
  void write(const std::string& name, const std::string& text) const {
    write_file(folder / (".aws/" + name), text);
  }
  TemporaryFolder folder;
};

}  // namespace pet::test
