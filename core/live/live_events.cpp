#include "core/live/live_events.hpp"

#include <utility>

namespace pet {

std::string_view to_string(VersionState state) noexcept {
  switch (state) {
    case VersionState::kFound:
      return "found";
    case VersionState::kFetched:
      return "fetched";
    case VersionState::kChecked:
      return "checked";
    case VersionState::kTried:
      return "tried";
    case VersionState::kWarm:
      return "warm";
    case VersionState::kCurrent:
      return "current";
    case VersionState::kDraining:
      return "draining";
    case VersionState::kUnloaded:
      return "unloaded";
    case VersionState::kRejected:
      return "rejected";
  }
  return "unknown";
}

std::string_view to_string(LiveEventKind kind) noexcept {
  switch (kind) {
    case LiveEventKind::kState:
      return "state";
    case LiveEventKind::kProblem:
      return "problem";
    case LiveEventKind::kRollback:
      return "rollback";
    case LiveEventKind::kResident:
      return "resident";
  }
  return "unknown";
}

void LiveEvents::add(LiveEvent event) noexcept {
  try {
    {
      const std::lock_guard lock(mutex_);
      kept_.push_back(event);
      if (kept_.size() > kKept) kept_.pop_front();
    }
    if (observer_) observer_(event);
  } catch (...) {
  }
}

std::vector<LiveEvent> LiveEvents::newest() const {
  const std::lock_guard lock(mutex_);
  return {kept_.begin(), kept_.end()};
}

}  // namespace pet
