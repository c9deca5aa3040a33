#include "storage/check.hpp"

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

Check Check::ok(std::string found) { return {{}, CheckStatus::kOk, std::move(found), {}, {}}; }

Check Check::warning(std::string found, std::string next_step) {
  return {{}, CheckStatus::kWarning, std::move(found), std::move(next_step), {}};
}

Check Check::skipped(std::string why) {
  return {{}, CheckStatus::kSkipped, std::move(why), {}, {}};
}

Check Check::failed(const Error& error) {
  constexpr std::string_view kTry = "  try: ";
  const std::string_view text = error.what();
  const std::size_t end = text.find('\n');
  std::string_view rest = end == std::string_view::npos ? "" : text.substr(end + 1);
  if (rest.starts_with(kTry)) rest.remove_prefix(kTry.size());
  return {
      {}, CheckStatus::kFailed, std::string(text.substr(0, end)), std::string(rest), error.code()};
}

bool Checklist::run(std::string name, const std::string& obstacle,
                    const std::function<Check()>& examine) {
  Check check = Check::skipped(obstacle);
  if (obstacle.empty()) {
    try {
      check = examine();
    } catch (const Error& error) {
      check = Check::failed(error);
    }
  }
  check.name = std::move(name);
  if (report_) report_(check);
  done_.push_back(std::move(check));
  return done_.back().status != CheckStatus::kFailed;
}

}  // namespace pet
