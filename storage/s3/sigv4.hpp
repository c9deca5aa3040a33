// Signatures of AWS, version 4: who asks S3, and that nobody changed what is asked.
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html; S3's
// own: the path is encoded once, and the payload's SHA-256 is a header that is signed too.)
//
//   HttpHeaders headers = sign({.method = "GET", .host = "b.s3.amazonaws.com", .path = "/a.json"},
//                              credentials, "eu-west-1", std::chrono::system_clock::now());
//
// Threads: pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/http/http_client.hpp"

namespace pet {

struct S3Credentials {
  std::string access_key = {};  // empty: requests are not signed
  std::string secret_key = {};
  std::string session_token = {};                                     // of temporary credentials
  std::optional<std::chrono::system_clock::time_point> expires = {};  // as far as it is known

  bool operator==(const S3Credentials&) const = default;
};

struct S3Request {
  std::string method = "GET";
  std::string host = {};   // with the port, where it is not the scheme's
  std::string path = "/";  // not encoded
  std::vector<std::pair<std::string, std::string>> query = {};  // not encoded, in any order
  HttpHeaders headers = {};                                     // signed as well
  std::string_view body = {};
  std::string service = "s3";
};

// The request's own headers and those that sign it; Host is not among them. With empty credentials only
// the request's own.
HttpHeaders sign(const S3Request& request, const S3Credentials& credentials,
                 const std::string& region, std::chrono::system_clock::time_point now);

// The path and query of the URL, encoded as they were signed.
std::string encoded_target(const S3Request& request);

std::string sha256_hex(std::string_view bytes);

}  // namespace pet
