#include "storage/s3/s3_place.hpp"

#include "storage/s3/s3_refusal.hpp"

namespace pet {

S3Place place_in(const S3Settings& settings, const std::string& region) {
  S3Place place;
  place.region = region;
  const std::size_t slashes = settings.endpoint.find("//") + 2;
  place.scheme = settings.endpoint.substr(0, slashes);
  place.host = settings.endpoint.substr(slashes);
  if (!settings.endpoint_given && region != settings.region) {
    const std::string amazon = amazon_endpoint(region);
    place.host = amazon.substr(amazon.find("//") + 2);
  }
  // libcurl names no port that is the scheme's own, and what is named is signed.
  const std::string own_port = place.scheme == "https://" ? ":443" : ":80";
  if (place.host.ends_with(own_port)) place.host.resize(place.host.size() - own_port.size());
  place.base_path = "/";
  if (settings.in_path) {
    place.base_path += settings.bucket + "/";
  } else {
    place.host = settings.bucket + "." + place.host;
  }
  return place;
}

std::string region_named_by(const HttpResponse& response) {
  if (response.status < 300 || response.status > 403) return "";
  std::string region(response.header("x-amz-bucket-region"));
  if (region.empty()) {
    const S3Complaint complaint = complaint_of(response);
    if (complaint.code == "AuthorizationHeaderMalformed") region = complaint.region;
  }
  return is_region(region) ? region : "";
}

}  // namespace pet
