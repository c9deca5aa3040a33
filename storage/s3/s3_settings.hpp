// What a storage on S3 needs to know, from its URL, the environment and AWS's files, in this order.
//
//   s3://bucket/prefix?endpoint=http://127.0.0.1:9000&region=eu-west-1&style=path&profile=pets
//   s3://bucket/prefix?endpoint=https://HOST&mode=single-writer
//
// Endpoint:    AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, endpoint_url of the profile; else Amazon's of
//              the region.
// Region:      AWS_REGION, AWS_DEFAULT_REGION, region of the profile; else us-east-1. Where the server
//              says that the bucket is in another, that one.
// Style:       where the bucket stands: in the path, or in the host's name ("virtual"). In the path
//              where an endpoint is given, or the bucket's name has a dot.
// Profile:     AWS_PROFILE; else "default". Files: AWS_CONFIG_FILE or ~/.aws/config, and
//              AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials.
// Credentials: of the profile, where the URL names one; else AWS_ACCESS_KEY_ID,
//              AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; else the profile's in the two files;
//              else those of the container (AWS_CONTAINER_CREDENTIALS_FULL_URI and its kin).
//              Without any, requests are not signed: public buckets can be read.
// Mode:        single-writer says that nobody else ever writes there, so that a server may be used that does
//              not honour If-None-Match. One that does is asked for it all the same. URL alone.
// CA:          AWS_CA_BUNDLE, else SSL_CERT_FILE, else the system's.
//
// Threads: any, as long as none changes the environment.
// Throws:  pet::Error(kUsage) for a URL or a file that cannot be read as one, never with a secret.
#pragma once

#include <string>
#include <string_view>

namespace pet {

struct S3Settings {
  std::string bucket;
  std::string prefix;    // of all keys: empty, or with a '/' at its end
  std::string endpoint;  // "https://s3.eu-west-1.amazonaws.com", without a '/' at its end
  std::string region;
  std::string profile;
  bool profile_given = false;   // by the URL: it comes before the environment's credentials
  bool in_path = false;         // the bucket's name
  bool endpoint_given = false;  // by anybody: it is not Amazon's
  bool single_writer = false;   // nobody else ever writes there

  // `url` begins with "s3://".
  static S3Settings from_url(std::string_view url);

  // A URL of the same storage, with what is not usual; without the profile, which only this machine
  // knows.
  std::string url() const;
};

// What may be a region's name.
bool is_region(std::string_view text);

// Amazon's own endpoint there, with its scheme.
std::string amazon_endpoint(std::string_view region);

}  // namespace pet
