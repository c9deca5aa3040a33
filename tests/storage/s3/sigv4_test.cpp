// Against the examples that AWS publishes.
#include "storage/s3/sigv4.hpp"

#include <catch2/catch.hpp>
#include <ctime>

using namespace pet;

namespace {

std::chrono::system_clock::time_point at(int year, int month, int day, int hour = 0,
                                         int minute = 0) {
  std::tm parts{};
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  parts.tm_mday = day;
  parts.tm_hour = hour;
  parts.tm_min = minute;
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

// The Authorization header of a request with the credentials of the S3 examples.
std::string signed_s3(const S3Request& request) {
  const S3Credentials credentials{"AKIAIOSFODNN7EXAMPLE",
                                  "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
  return sign(request, credentials, "us-east-1", at(2013, 5, 24)).back().second;
}

constexpr char kHost[] = "examplebucket.s3.amazonaws.com";

}  // namespace

// docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
TEST_CASE("the signatures of S3's documentation are ours", "[s3]") {
  CHECK(signed_s3({.host = kHost, .path = "/test.txt", .headers = {{"Range", "bytes=0-9"}}}) ==
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  CHECK(
      signed_s3({.method = "PUT",
                 .host = kHost,
                 .path = "/test$file.text",
                 .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                             {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                 .body = "Welcome to Amazon S3."})
          .ends_with("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
  CHECK(
      signed_s3({.host = kHost, .query = {{"lifecycle", ""}}})
          .ends_with("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
  CHECK(
      signed_s3({.host = kHost, .query = {{"prefix", "J"}, {"max-keys", "2"}}})
          .ends_with("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

// The "get-vanilla" family of AWS's Signature Version 4 test suite.
TEST_CASE("the signatures of AWS's test suite are ours", "[s3]") {
  const S3Credentials credentials{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
  const auto signature = [&](const S3Request& request) {
    const std::string line =
        sign(request, credentials, "us-east-1", at(2015, 8, 30, 12, 36)).back().second;
    return line.substr(line.rfind('=') + 1);
  };
  const S3Request vanilla{.host = "example.amazonaws.com", .service = "service"};
  CHECK(signature(vanilla) == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  S3Request request = vanilla;
  request.query = {{"Param2", "value2"}, {"Param1", "value1"}};
  CHECK(signature(request) == "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  request = vanilla;
  request.method = "POST";
  CHECK(signature(request) == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST_CASE("a session token is sent and signed, and without credentials nothing is", "[s3]") {
  const S3Request request{.host = kHost};
  const HttpHeaders headers = sign(request, {"key", "secret", "token"}, "eu", at(2020, 1, 1));
  CHECK(headers[2] == std::pair<std::string, std::string>("x-amz-security-token", "token"));
  CHECK_THAT(headers[3].second, Catch::Matchers::Contains("x-amz-date;x-amz-security-token,"));
  CHECK(sign(request, {}, "eu", at(2020, 1, 1)).empty());
}

TEST_CASE("the target of a URL is encoded as it was signed", "[s3]") {
  CHECK(encoded_target({.path = "/a b/\xC3\xA9/~x", .query = {{"b", "1/2"}, {"a", "x y+z"}}}) ==
        "/a%20b/%C3%A9/~x?a=x%20y%2Bz&b=1%2F2");
}
