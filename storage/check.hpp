// Check: whether one thing works that has to, what was found out, and what to do where it does not.
//
// Threads: a value.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "storage/error.hpp"

namespace pet {

enum class CheckStatus {
  kOk,
  kWarning,  // it works, or is not needed by everybody
  kFailed,
  kSkipped,  // not looked at, for the reason that `found` gives
};

// "ok", "warning", "failed", "skipped".
std::string_view to_string(CheckStatus status) noexcept;

struct Check {
  std::string name;  // "conditional_writes"; never changes between releases
  CheckStatus status = CheckStatus::kOk;
  std::string found;
  std::string next_step = {};          // empty where there is nothing to do
  std::optional<ErrorCode> code = {};  // of a failure
};

// What an error says, and, as the next step, its lines after the first.
Check failed_check(std::string name, const Error& error);

// Called as soon as a check is done.
using CheckReport = std::function<void(const Check&)>;

}  // namespace pet
