#include "storage/s3/sigv4.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <new>

#include "storage/ascii.hpp"
#include "storage/percent.hpp"

namespace pet {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

std::string hex(const unsigned char* bytes, std::size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    out += kDigits[bytes[i] >> 4];
    out += kDigits[bytes[i] & 15];
  }
  return out;
}

std::string hmac(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest,
           &size) == nullptr) {
    throw std::bad_alloc();
  }
  return std::string(reinterpret_cast<const char*>(digest), size);
}

std::string utc(std::chrono::system_clock::time_point now, const char* format) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, format, &parts));
}

std::string canonical_query(const S3Request& request) {
  std::vector<std::pair<std::string, std::string>> encoded;
  for (const auto& [name, value] : request.query) {
    encoded.emplace_back(percent_encoded(name), percent_encoded(value));
  }
  std::ranges::sort(encoded);
  std::string out;
  for (const auto& [name, value] : encoded) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

// Spaces around a value are nothing, several within it are one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
    out += c;
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  unsigned char digest[32];
  if (EVP_Digest(bytes.data(), bytes.size(), digest, nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc();
  }
  return hex(digest, sizeof digest);
}

std::string encoded_target(const S3Request& request) {
  const std::string query = canonical_query(request);
  return percent_encoded(request.path, true) + (query.empty() ? "" : "?" + query);
}

HttpHeaders sign(const S3Request& request, const S3Credentials& credentials,
                 const std::string& region, std::chrono::system_clock::time_point now) {
  HttpHeaders headers = request.headers;
  if (credentials.access_key.empty()) return headers;
  const bool is_s3 = request.service == "s3";
  const std::string payload = sha256_hex(request.body);
  const std::string time = utc(now, "%Y%m%dT%H%M%SZ");
  headers.emplace_back("x-amz-date", time);
  if (is_s3) headers.emplace_back("x-amz-content-sha256", payload);
  if (!credentials.session_token.empty()) {
    headers.emplace_back("x-amz-security-token", credentials.session_token);
  }

  std::map<std::string, std::string> sorted{{"host", request.host}};
  for (const auto& [name, value] : headers) {
    std::string& all = sorted[small_letters(name)];
    all += (all.empty() ? "" : ",") + canonical_value(value);
  }
  std::string lines;
  std::string names;
  for (const auto& [name, value] : sorted) {
    lines += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical = request.method + "\n" + percent_encoded(request.path, true) + "\n" +
                                canonical_query(request) + "\n" + lines + "\n" + names + "\n" +
                                payload;
  const std::string day = time.substr(0, 8);
  const std::string scope = day + "/" + region + "/" + request.service + "/aws4_request";
  const std::string to_sign =
      std::string(kAlgorithm) + "\n" + time + "\n" + scope + "\n" + sha256_hex(canonical);
  std::string key = hmac("AWS4" + credentials.secret_key, day);
  for (const std::string& part : {region, request.service, std::string("aws4_request")}) {
    key = hmac(key, part);
  }
  const std::string signature = hmac(key, to_sign);
  headers.emplace_back(
      "Authorization",
      std::string(kAlgorithm) + " Credential=" + credentials.access_key + "/" + scope +
          ", SignedHeaders=" + names + ", Signature=" +
          hex(reinterpret_cast<const unsigned char*>(signature.data()), signature.size()));
  return headers;
}

}  // namespace pet
