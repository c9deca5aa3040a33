// The S3 server that tests/servers/with_s3 has started for this program.
#pragma once

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "storage/http/http_client.hpp"
#include "storage/s3/sigv4.hpp"

namespace pet::test {

// Empty: there is none.
inline std::string s3_endpoint() {
  const char* const url = std::getenv("AWS_ENDPOINT_URL_S3");
  return url == nullptr ? "" : url;
}

// Makes a bucket with the storage's own signatures, which the server checks.
inline void make_bucket(const std::string& name) {
  const std::string endpoint = s3_endpoint();
  const S3Request request{
      .method = "PUT", .host = endpoint.substr(endpoint.find("//") + 2), .path = "/" + name};
  const S3Credentials credentials{std::getenv("AWS_ACCESS_KEY_ID"),
                                  std::getenv("AWS_SECRET_ACCESS_KEY")};
  const HttpResponse response = HttpClient().send(
      {.method = "PUT",
       .url = endpoint + request.path,
       .headers = sign(request, credentials, "us-east-1", std::chrono::system_clock::now())});
  if (response.status != 200) throw std::runtime_error("no bucket: " + response.body);
}

}  // namespace pet::test
