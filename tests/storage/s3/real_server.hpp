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

// A request with the storage's own signatures, which the server checks. Throws unless it answers 200.
inline HttpResponse ask_s3_server(S3Request request) {
  const std::string endpoint = s3_endpoint();
  request.host = endpoint.substr(endpoint.find("//") + 2);
  const S3Credentials credentials{std::getenv("AWS_ACCESS_KEY_ID"),
                                  std::getenv("AWS_SECRET_ACCESS_KEY")};
  HttpResponse response = HttpClient().send(
      {.method = request.method,
       .url = endpoint + encoded_target(request),
       .headers = sign(request, credentials, "us-east-1", std::chrono::system_clock::now()),
       .body = request.body});
  if (response.status != 200) throw std::runtime_error("the server says: " + response.body);
  return response;
}

inline void make_bucket(const std::string& name) {
  ask_s3_server({.method = "PUT", .path = "/" + name});
}

}  // namespace pet::test
