#include "storage/http/http_problem.hpp"

namespace pet {

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 300)) out += c >= 0x20 && c < 0x7F ? c : '?';
  return out;
}

HttpProblem problem_of(const HttpFailure& failure, std::string_view ca_variable,
                       std::string_view try_this) {
  const std::string why = printable(failure.what());
  switch (failure.kind()) {
    case HttpFailure::Kind::kUntrusted:
      return {ErrorCode::kStorageRefused,
              "the server's certificate is not trusted: " + why + "\n  try: the right host name; " +
                  std::string(ca_variable) + "=FILE.pem for a CA of your own"};
    case HttpFailure::Kind::kTooLarge:
      return {ErrorCode::kCorrupt, why + "\n  try: is it the object that is meant?"};
    default:
      return {ErrorCode::kStorageUnreachable,
              "no answer: " + why + "\n  try: " + std::string(try_this) + "; again later"};
  }
}

bool is_failing(long status) { return status >= 500 || status == 429 || status == 408; }

HttpProblem failing_problem(std::string_view said) {
  return {ErrorCode::kStorageUnreachable,
          "the server fails: " + std::string(said) + "\n  try: again later"};
}

}  // namespace pet
