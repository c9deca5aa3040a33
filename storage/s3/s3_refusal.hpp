// What an answer of S3 that is no success means, and what to do about it. (Inside storage/s3 only.)
//
// Threads: pure functions.
#pragma once

#include <string>

#include "storage/http/http_client.hpp"
#include "storage/http/http_problem.hpp"
#include "storage/s3/s3_settings.hpp"
#include "storage/s3/sigv4.hpp"

namespace pet {

// What S3 says of an error in its XML; empty where there is none.
struct S3Complaint {
  std::string code;
  std::string message;
  std::string region;  // of AuthorizationHeaderMalformed
};

S3Complaint complaint_of(const HttpResponse& response);

// A complaint may come with 200: while it puts parts together, the server begins its answer before it is
// done, so that the connection does not look dead. The status that says the same; else the answer's own.
long meant_status(const HttpResponse& response);

// Whether it says that temporary credentials are so no more.
bool says_expired(const S3Complaint& complaint);

// What was asked, and as whom.
struct S3Asked {
  const S3Settings& settings;
  const std::string& region;  // that was signed for
  bool is_bucket;             // not an object
  const S3Credentials& credentials;
  std::string places;  // where credentials were looked for
};

HttpProblem problem_of(const S3Asked& asked, const HttpResponse& response);

}  // namespace pet
