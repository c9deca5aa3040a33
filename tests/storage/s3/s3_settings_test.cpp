#include "storage/s3/s3_settings.hpp"

#include <cstdlib>

#include "storage/s3/credential_chain.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/s3/clean_environment.hpp"

namespace pet::test {
namespace {

S3Credentials find_credentials(const S3Settings& settings) {
  return CredentialChain(settings).current();
}

}  // namespace

TEST_CASE("a URL says bucket and prefix; the rest has Amazon's defaults", "[s3]") {
  const CleanEnvironment clean;
  const S3Settings plain = S3Settings::from_url("s3://team");
  CHECK(plain.bucket == "team");
  CHECK(plain.prefix.empty());
  CHECK(plain.endpoint == "https://s3.us-east-1.amazonaws.com");
  CHECK_FALSE(plain.in_path);
  CHECK(plain.url() == "s3://team");

  const S3Settings full = S3Settings::from_url(
      "s3://team.x/pets/v1/?endpoint=http%3A%2F%2F127.0.0.1:9000/&region=eu-west-1&style=virtual");
  CHECK(full.prefix == "pets/v1/");
  CHECK(full.endpoint == "http://127.0.0.1:9000");
  CHECK(full.region == "eu-west-1");
  CHECK_FALSE(full.in_path);
  CHECK(full.url() ==
        "s3://team.x/pets/v1?endpoint=http://127.0.0.1:9000&region=eu-west-1&style=virtual");
  CHECK_FALSE(full.single_writer);
  const S3Settings single = S3Settings::from_url("s3://team/pets?mode=single-writer");
  CHECK(single.single_writer);
  CHECK(single.url() == "s3://team/pets?mode=single-writer");
  CHECK(S3Settings::from_url("s3://team.x").in_path);
  CHECK(S3Settings::from_url("s3://team?endpoint=http://h").in_path);
}

TEST_CASE("the environment comes before AWS's files, and a profile is the named one", "[s3]") {
  const CleanEnvironment clean;
  clean.write(
      "config",
      "# of the team\n[default]\nregion = eu-north-1\ns3 =\n  region = nested\n\n[profile pets]\n"
      "region=eu-west-3\r\nendpoint_url = http://ceph:8080\n");
  clean.write("credentials",
              "[default]\naws_access_key_id = A\naws_secret_access_key = SA\n"
              "[pets]\naws_access_key_id=P\naws_secret_access_key=SP==\naws_session_token = T\n");
  CHECK(S3Settings::from_url("s3://team").region == "eu-north-1");
  S3Settings pets = S3Settings::from_url("s3://team?profile=pets");
  CHECK(pets.region == "eu-west-3");
  CHECK(pets.endpoint == "http://ceph:8080");
  CHECK(find_credentials(pets).access_key == "P");
  CHECK(find_credentials(pets).secret_key == "SP==");
  CHECK(find_credentials(pets).session_token == "T");
  CHECK(find_credentials(S3Settings::from_url("s3://team")).access_key == "A");

  setenv("AWS_PROFILE", "pets", 1);
  setenv("AWS_REGION", "ap-south-1", 1);
  setenv("AWS_ACCESS_KEY_ID", "E", 1);
  CHECK(find_credentials(pets).access_key == "P");  // the URL named the profile
  CHECK_THROWS_MATCHES(find_credentials(S3Settings::from_url("s3://team")), Error,
                       fails(ErrorCode::kUsage, {"has only one of access key and secret key"}));
  setenv("AWS_SECRET_ACCESS_KEY", "SE", 1);
  CHECK(find_credentials(pets).access_key == "P");
  CHECK_THROWS_MATCHES(find_credentials(S3Settings::from_url("s3://team?profile=nobody")), Error,
                       fails(ErrorCode::kUsage, {"the profile 'nobody' has no credentials"}));
  setenv("AWS_SECRET_ACCESS_KEY", "secret\n", 1);
  CHECK_THROWS_MATCHES(
      find_credentials(S3Settings::from_url("s3://team")), Error,
      fails(ErrorCode::kUsage, {"the secret key of the environment", "a line break"}));
  setenv("AWS_SECRET_ACCESS_KEY", "SE", 1);
  pets = S3Settings::from_url("s3://team");
  CHECK(pets.region == "ap-south-1");
  CHECK(pets.endpoint == "http://ceph:8080");
  CHECK(find_credentials(pets).access_key == "E");
  CHECK(find_credentials(pets).session_token.empty());
}

TEST_CASE("what is no S3 storage is refused, and no secret is repeated", "[s3]") {
  const CleanEnvironment clean;
  struct Case {
    const char* url;
    const char* why;
  };
  for (const Case& c : {
           Case{"s3:team", "'s3:team' does not begin with s3://"},
           Case{"s3://", "the bucket's name '' is not 3 to 63"},
           Case{"s3://a b/x", "the bucket's name 'a b' is not"},
           Case{"s3://key:secret@team", "credentials do not belong in a URL"},
           Case{"s3://AKIA:wJa/secret@team/x", "credentials do not belong in a URL"},
           Case{"s3://AKIA:wJa", "credentials do not belong in a URL"},
           Case{"s3://team?region=eu%0d%0aX:%201",
                "the region 'eu\\x0d\\x0aX: 1' is not letters, digits"},
           Case{"s3://team?endpoint=http://h%0d%0a",
                "the endpoint 'http://h\\x0d\\x0a' of the URL is not"},
           Case{"s3://team?endpint=x", "unknown setting 'endpint'"},
           Case{"s3://team?region=", "region has no value"},
           Case{"s3://team?region=%4", "region has no value"},
           Case{"s3://team?style=host", "style is 'path' or 'virtual', not 'host'"},
           Case{"s3://team?endpoint=ftp://x",
                "the endpoint 'ftp://x' of the URL is not https://HOST"},
           Case{"s3://team?endpoint=http://u:secret@x",
                "the endpoint of the URL is not https://HOST"},
           Case{"s3://team?mode=single", "mode is 'single-writer' or not given, not 'single'"},
           Case{"s3://team#x", "a URL with '#'"},
       }) {
    CAPTURE(c.url);
    try {
      S3Settings::from_url(c.url);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK_THAT(error, fails(ErrorCode::kUsage, {c.why, "try: s3://BUCKET/PREFIX"}));
      CHECK_THAT(error.what(), !Catch::Matchers::Contains("secret"));
    }
  }
  CHECK_THROWS_AS(S3Settings::from_url("s3://team/../x"), Error);
}

}  // namespace pet::test
