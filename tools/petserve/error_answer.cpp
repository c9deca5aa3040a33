#include "tools/petserve/error_answer.hpp"

#include "core/artifact/note_reader.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/key.hpp"

namespace pet::tools {
namespace {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBadParams:
    case ErrorCode::kUsage:
      return 400;
    case ErrorCode::kClassNotFound:
    case ErrorCode::kVersionNotFound:
      return 404;
    case ErrorCode::kStorageUnreachable:
      return 503;
    default:
      return 500;
  }
}

}  // namespace

std::string error_json(std::string_view why) {
  return "{\"error\":" + quoted_json(is_utf8(why) ? std::string(why) : pet::quoted(why)) + "}";
}

HttpAnswer error_answer(int status, std::string_view why) {
  HttpAnswer answer{.status = status, .body = error_json(why)};
  if (status == 503) answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

HttpAnswer error_answer(const Error& error) {
  return error_answer(status_of(error.code()), error.what());
}

}  // namespace pet::tools
