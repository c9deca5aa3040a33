#include "storage/check.hpp"

#include <utility>

namespace pet {

std::string_view to_string(CheckStatus status) noexcept {
  switch (status) {
    case CheckStatus::kOk:
      return "ok";
    case CheckStatus::kWarning:
      return "warning";
    case CheckStatus::kFailed:
      return "failed";
    case CheckStatus::kSkipped:
      break;
  }
  return "skipped";
}

Check failed_check(std::string name, const Error& error) {
  constexpr std::string_view kTry = "  try: ";
  const std::string_view text = error.what();
  const std::size_t end = text.find('\n');
  std::string_view rest = end == std::string_view::npos ? "" : text.substr(end + 1);
  if (rest.starts_with(kTry)) rest.remove_prefix(kTry.size());
  return {.name = std::move(name),
          .status = CheckStatus::kFailed,
          .found = std::string(text.substr(0, end)),
          .next_step = std::string(rest),
          .code = error.code()};
}

}  // namespace pet
