// error_answer: what a client is told when there is no answer: {"error": "…"} with a status.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "storage/error.hpp"
#include "tools/petserve/http.hpp"

namespace pet::tools {

// Why there is no answer, with the status that says so.
class HttpRefusal : public std::runtime_error {
 public:
  HttpRefusal(int status, const std::string& why) : std::runtime_error(why), status_(status) {}
  int status() const noexcept { return status_; }

 private:
  int status_;
};

// {"error": "…"}; what is not UTF-8 is quoted.
std::string error_json(std::string_view why);

HttpAnswer error_answer(int status, std::string_view why);
inline HttpAnswer error_answer(const HttpRefusal& refusal) {
  return error_answer(refusal.status(), refusal.what());
}

// 400 for what the client did wrong, 404, 503 with Retry-After for what may work later, 500 for the rest.
HttpAnswer error_answer(const Error& error);

}  // namespace pet::tools
