#include "storage/s3/s3_refusal.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <pugixml.hpp>
#include <string_view>

#include "storage/key.hpp"
#include "storage/s3/s3_place.hpp"

namespace pet {
namespace {

// What asking again does not change. Any other complaint may be a server's word for a failure that passes.
struct StatusOf {
  std::string_view code;
  long status;
};
constexpr StatusOf kStatuses[] = {
    {"EntityTooSmall", 400},        {"EntityTooLarge", 400},
    {"ExpiredToken", 400},          {"ExpiredTokenException", 400},
    {"InvalidArgument", 400},       {"InvalidPart", 400},
    {"InvalidPartOrder", 400},      {"InvalidRequest", 400},
    {"InvalidToken", 400},          {"MalformedXML", 400},
    {"TokenRefreshRequired", 400},  {"ConditionalRequestConflict", 409},
    {"OperationAborted", 409},      {"PreconditionFailed", 412},
    {"NoSuchBucket", 404},          {"NoSuchUpload", 404},
    {"AccessDenied", 403},          {"InvalidAccessKeyId", 403},
    {"SignatureDoesNotMatch", 403}, {"RequestTimeTooSkewed", 403},
};

// The status and what S3 says with it.
std::string said_by(const HttpResponse& response, const S3Complaint& complaint) {
  return std::to_string(response.status) +
         (complaint.code.empty() ? "" : " " + printable(complaint.code)) +
         (complaint.message.empty() ? "" : ": " + printable(complaint.message));
}

std::optional<HttpProblem> bucket_problem(const S3Asked& asked, const HttpResponse& response,
                                          const S3Complaint& complaint) {
  const std::string region = region_named_by(response);
  if (!region.empty() && region != asked.region) {
    return HttpProblem{ErrorCode::kStorageRefused,
                       "the bucket is in the region " + region + ", asked was " + asked.region +
                           "\n  try: ?region=" + region + " in the URL, or AWS_REGION"};
  }
  if (complaint.code != "NoSuchBucket") return std::nullopt;
  return HttpProblem{
      ErrorCode::kStorageUnreachable,
      "there is no bucket " + pet::quoted(asked.settings.bucket) + " (" +
          said_by(response, complaint) +
          ")\n  try: the right name, endpoint and region; an administrator makes buckets"};
}

// What is said of who asks, and what to do.
std::string rights_problem(const S3Asked& asked, const S3Complaint& complaint) {
  if (asked.credentials.access_key.empty()) {
    return "no credentials were found in " + asked.places +
           "\n  try: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile " +
           pet::quoted(asked.settings.profile) +
           " in ~/.aws/credentials; 'aws configure "
           "export-credentials --format env' prints what AWS's own tools find";
  }
  // Some servers do not say that credentials have expired.
  const std::string perhaps =
      asked.credentials.session_token.empty() ? "" : "; new temporary credentials";
  if (complaint.code == "SignatureDoesNotMatch" || complaint.code == "InvalidAccessKeyId") {
    return "the credentials are wrong\n  try: the right key and secret, and the region (" +
           asked.region + ")" + perhaps;
  }
  if (asked.is_bucket) {
    return "needs s3:ListBucket, without which a missing object cannot be told from a forbidden "
           "one\n  try: have the right added to the credentials' policy" +
           perhaps;
  }
  return "the credentials' rights do not reach\n  try: s3:GetObject, and to write s3:PutObject and "
         "s3:DeleteObject" +
         perhaps;
}

std::optional<HttpProblem> credentials_problem(const S3Asked& asked, const HttpResponse& response,
                                               const S3Complaint& complaint) {
  const std::string said = said_by(response, complaint);
  if (complaint.code == "RequestTimeTooSkewed") {
    return HttpProblem{ErrorCode::kStorageRefused,
                       "this machine's clock is wrong: the server says it is " +
                           printable(response.header("date")) +
                           "\n  try: set the clock (timedatectl)"};
  }
  if (says_expired(complaint)) {
    return HttpProblem{ErrorCode::kStorageRefused,
                       said + ": the session token has expired\n  try: new temporary credentials"};
  }
  if (response.status != 401 && response.status != 403) return std::nullopt;
  return HttpProblem{ErrorCode::kStorageRefused, said + ": " + rights_problem(asked, complaint)};
}

HttpProblem server_problem(const S3Asked& asked, const HttpResponse& response,
                           const S3Complaint& complaint) {
  const std::string said = said_by(response, complaint);
  const std::string& endpoint = asked.settings.endpoint;
  if (response.status == 206 || response.status == 416) return other_range_problem();
  if (response.status == 501) {
    return {ErrorCode::kStorageUnsupported,
            "the server cannot: " + said + "\n  try: a server that speaks all of S3's protocol"};
  }
  if (is_failing(response.status)) return failing_problem(said);
  if (response.status < 300 || (response.status == 404 && complaint.code.empty())) {
    return {ErrorCode::kStorageUnreachable,
            "the answer (" + said + ") is none of an S3 server's (a proxy's page?)\n  try: is " +
                endpoint + " the S3 server itself?"};
  }
  // Of a bucket that has been listed: its server and its style are right.
  if (!asked.is_bucket && !complaint.code.empty()) {
    return {ErrorCode::kStorageRefused, "the server refuses: " + said +
                                            "\n  try: what its documentation says of " +
                                            printable(complaint.code)};
  }
  return {ErrorCode::kStorageRefused, "unexpected answer: " + said + "\n  try: is " + endpoint +
                                          " an S3 server, and the bucket in its " +
                                          (asked.settings.in_path ? "path" : "host's name") +
                                          " (style)?"};
}

}  // namespace

S3Complaint complaint_of(const HttpResponse& response) {
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size())) return {};
  const pugi::xml_node error = document.child("Error");
  return {error.child_value("Code"), error.child_value("Message"), error.child_value("Region")};
}

long meant_status(const HttpResponse& response) {
  pugi::xml_document document;
  const bool is_complaint = response.status == 200 &&
                            document.load_buffer(response.body.data(), response.body.size()) &&
                            document.child("Error");
  if (!is_complaint) return response.status;
  const std::string_view code = document.child("Error").child_value("Code");
  const auto* const known = std::ranges::find(kStatuses, code, &StatusOf::code);
  return known == std::end(kStatuses) ? 500 : known->status;
}

bool says_expired(const S3Complaint& complaint) {
  return complaint.code == "ExpiredToken" || complaint.code == "ExpiredTokenException" ||
         complaint.code == "InvalidToken" || complaint.code == "TokenRefreshRequired";
}

HttpProblem problem_of(const S3Asked& asked, const HttpResponse& response) {
  const S3Complaint complaint = complaint_of(response);
  if (const auto problem = bucket_problem(asked, response, complaint)) return *problem;
  if (const auto problem = credentials_problem(asked, response, complaint)) return *problem;
  return server_problem(asked, response, complaint);
}

}  // namespace pet
