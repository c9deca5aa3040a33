#include "storage/http/http_problem.hpp"

namespace pet {

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 300)) out += c >= 0x20 && c < 0x7F ? c : '?';
  return out;
}

namespace {

bool says(const std::string& why, std::string_view words) {
  return why.find(words) != std::string::npos;
}

// In the words of several versions of curl. The name of a host may have "proxy" in it.
bool is_of_proxy(const std::string& why) {
  return says(why, "from proxy after CONNECT") || says(why, "CONNECT tunnel failed") ||
         says(why, "Proxy CONNECT") || says(why, "resolve proxy");
}

// What curl and OpenSSL say of a certificate, and what to do about it.
std::string next_step_of_untrusted(const std::string& why, const std::string& ca_variable) {
  if (says(why, "has expired") || says(why, "not yet valid")) {
    return "is this machine's clock right (timedatectl)? else the server needs a new certificate";
  }
  if (says(why, "target host name") || says(why, "does not match")) {
    return "the host name that the certificate is for, in the URL";
  }
  if (says(why, "error setting certificate")) {
    return ca_variable + "=FILE.pem, a file of certificates that you may read";
  }
  return "the right host name; " + ca_variable + "=FILE.pem for a CA of your own";
}

}  // namespace

HttpProblem problem_of(const HttpFailure& failure, std::string_view ca_variable,
                       std::string_view try_this) {
  const std::string why = printable(failure.what());
  switch (failure.kind()) {
    case HttpFailure::Kind::kUntrusted:
      return {ErrorCode::kStorageRefused,
              "the server's certificate is not trusted: " + why +
                  "\n  try: " + next_step_of_untrusted(why, std::string(ca_variable))};
    case HttpFailure::Kind::kTooLarge:
      return {ErrorCode::kCorrupt, why + "\n  try: is it the object that is meant?"};
    default:
      if (says(why, "wrong version number")) {
        return {ErrorCode::kStorageUnreachable,
                "no answer over TLS: " + why +
                    "\n  try: the port that speaks https there, or http:// if none does"};
      }
      return {
          ErrorCode::kStorageUnreachable,
          "no answer: " + why + "\n  try: " +
              (is_of_proxy(why) ? "does the proxy allow that host? it is named by https_proxy or "
                                  "http_proxy, hosts without one by no_proxy"
                                : std::string(try_this) + "; again later")};
  }
}

bool is_failing(long status) { return status >= 500 || status == 429 || status == 408; }

HttpProblem failing_problem(std::string_view said) {
  return {ErrorCode::kStorageUnreachable,
          "the server fails: " + std::string(said) + "\n  try: again later"};
}

HttpProblem other_range_problem() {
  return {ErrorCode::kStorageUnreachable,
          "another range came than was asked for\n  try: the server without what caches before it"};
}

}  // namespace pet
