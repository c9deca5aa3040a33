// S3Place: the host that is asked for a bucket, and the region that is signed for. (Inside storage/s3
// only.)
//
// A bucket lives in one region. A server that is asked for another says which, in one of these ways:
//   301, 307, 400 or 403 with the header x-amz-bucket-region;
//   400 AuthorizationHeaderMalformed with <Region> in the body.
// Amazon's own endpoint has a host for each region; of another server's the host stays. Location and
// <Endpoint> are not read: signed requests go to no host that an answer names.
//
// Threads: pure functions.
#pragma once

#include <string>

#include "storage/http/http_client.hpp"
#include "storage/s3/s3_settings.hpp"

namespace pet {

struct S3Place {
  std::string scheme;     // "https://"
  std::string host;       // with the port, where it is not the scheme's own
  std::string base_path;  // before the key: "/" or "/bucket/"
  std::string region;
};

S3Place place_in(const S3Settings& settings, const std::string& region);

// The region that an answer names for the bucket; empty when it names none.
std::string region_named_by(const HttpResponse& response);

}  // namespace pet
