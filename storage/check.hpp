// Check: whether one thing works that has to, what was found out, and what to do where it does not.
// Checklist: one after the other.
//
//   Checklist list(report);
//   const bool there = list.run("reachable", "", [&] { return Check::ok("it answers"); });
//   list.run("write", there ? "" : "it cannot be reached", [&] { storage.put(…); return …; });
//
// Threads: values; a Checklist belongs to one thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  std::string next_step;          // empty where there is nothing to do
  std::optional<ErrorCode> code;  // of a failure

  // Without a name yet.
  static Check ok(std::string found);
  static Check warning(std::string found, std::string next_step);
  static Check skipped(std::string why);
  // The error's first line is what was found, the others are the next step.
  static Check failed(const Error& error);
};

// Called as soon as a check is done.
using CheckReport = std::function<void(const Check&)>;

class Checklist {
 public:
  explicit Checklist(CheckReport report = {}) : report_(std::move(report)) {}

  // What `examine` finds; the pet::Error that it throws is a failure. Where something stands in the
  // way, it is not called, and the check is skipped for that reason. true unless it failed.
  bool run(std::string name, const std::string& obstacle, const std::function<Check()>& examine);

  std::vector<Check> take() { return std::move(done_); }

 private:
  CheckReport report_;
  std::vector<Check> done_;
};

}  // namespace pet
