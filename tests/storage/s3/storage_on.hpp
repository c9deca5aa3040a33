// A storage whose server is a test's, and that waits for nothing before it asks again.
#pragma once

#include <chrono>
#include <cstdlib>

#include "storage/s3/s3_storage.hpp"
#include "tests/storage/http/scripted_server.hpp"

namespace pet::test {

inline S3Storage storage_on(const ScriptedServer& server, int attempts = 4) {
  setenv("AWS_ACCESS_KEY_ID", "key", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-seen", 1);
  return S3Storage(S3Settings::from_url("s3://pets?endpoint=" + server.url()),
                   {.stall = std::chrono::seconds(2)},
                   {.attempts = attempts, .sleep = [](auto) {}});
}

}  // namespace pet::test
