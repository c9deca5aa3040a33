// The part of LiveWork that judges the current version by its calls, or by what somebody says of it.
//
// While the version before is there, it is current again at once; then the binary to blame is written down.
// Where several had moved, each is left out alone, and that version has to answer calls as it should before
// the one that it is without is the bad one.
// Past the probation there is none, and what changed may be the world and not the version. So the version
// goes on, the binary published last is suspected, and the newest version without it becomes a candidate:
// only when that is tried and current, the suspect is rejected. The calls of the bad version are then what
// is usual, so that a world that fails every version rejects one, not all.
#include <algorithm>
#include <new>
#include <utility>

#include "core/live/live_work.hpp"
#include "core/live/trial_frame.hpp"

namespace pet {
namespace {

using std::chrono::seconds;

constexpr seconds kMeasureEvery{1};
constexpr std::size_t kLongestReason = std::size_t{4} << 10;

}  // namespace

// REQUIRES: mutex_.
void LiveWork::measure(SteadyTime time) {
  if (!measures_.empty() && time - measures_.back().time < kMeasureEvery) return;
  measures_.push_back({time, promoted_->stats.counts()});
  while (measures_.size() > 2 && time - measures_[1].time >= options_.budget.window) {
    measures_.pop_front();
  }
}

// Of the last window; of all when these are too few to say anything. REQUIRES: mutex_.
CallCounts LiveWork::recent_calls() {
  if (!promoted_) return {};
  const CallCounts all = promoted_->stats.counts();
  if (measures_.empty()) return all;
  const CallCounts recent = all - measures_.front().calls;
  return recent.calls < options_.budget.min_calls ? all : recent;
}

// REQUIRES: mutex_; former_ keeps what was.
void LiveWork::make_current(VersionSnapshot version) {
  promoted_ = version;
  promoted_at_ = now();
  probation_since_ = steady_now();
  measures_.clear();
  is_past_probation_ = false;
  is_doubted_ = false;
  verdict_.reset();
  current_.promote(std::move(version));
}

// What it says, and in which phase of an event. REQUIRES: mutex_.
std::optional<CandidateRejected> LiveWork::fault_of_current() {
  if (verdict_) return CandidateRejected("verdict", *verdict_, {});
  if (is_doubted_) return std::nullopt;
  const CallCounts recent =
      promoted_->stats.counts() - (measures_.size() > 1 ? measures_.front().calls : CallCounts());
  Budget budget = options_.budget;
  if (is_past_probation_) budget.latency_factor = 0;  // so late it is the machine that got slow
  const std::optional<std::string> excess = budget.excess(recent, usual_);
  return excess ? std::optional(CandidateRejected("budget", *excess, {})) : std::nullopt;
}

// Without it calls are answered as they should be. REQUIRES: mutex_.
const ClassVersion* LiveWork::proven_guilty(SteadyTime time) const {
  const ClassVersion* const accused = suspects_.accused();
  if (accused == nullptr || suspects_.proof() != Suspects::Proof::kCalls) return nullptr;
  if (promoted_->resolved.contains(*accused)) return nullptr;
  const bool is_judged = time - probation_since_ >= options_.budget.window &&
                         promoted_->stats.counts().calls >= options_.budget.min_calls;
  return is_judged ? accused : nullptr;
}

void LiveWork::judge() {
  {
    const std::lock_guard lock(mutex_);
    if (promoted_) {
      Consequences owed = change_by_calls();
      owed_.splice(owed_.end(), owed);
    }
  }
  settle();
}

// What it takes is put together before anything changes: who has no memory for that is called again.
// REQUIRES: mutex_; promoted_.
LiveWork::Consequences LiveWork::change_by_calls() {
  Consequences owed;
  const SteadyTime time = steady_now();
  measure(time);
  if (const std::optional<CandidateRejected> fault = fault_of_current()) {
    const VersionSnapshot* const former = former_ ? &*former_ : nullptr;
    auto judgement = [this, fault = *fault, number = promoted_->number,
                      moved = moved_classes(former ? &(*former)->resolved : nullptr,
                                            promoted_->resolved)](auto consequence) {
      (this->*consequence)(moved, number, fault);
    };
    if (former == nullptr) {
      owed.push_back([judgement] { judgement(&LiveWork::doubt); });
      is_doubted_ = true;
      verdict_.reset();
      return owed;
    }
    owed.push_back([this, back_to = (*former)->number, text = std::string(fault->what())] {
      report(LiveEventKind::kRollback, VersionState::kCurrent, back_to, text);
    });
    owed.push_back([judgement] { judgement(&LiveWork::blame); });
    owed.push_back([this, bad = promoted_] { draining_.add(bad, now()); });
    step_back();
    return owed;
  }
  if (const ClassVersion* const proven = proven_guilty(time)) {
    owed.push_back([this, guilty = std::vector{*proven}, reason = suspects_.reason()] {
      condemn(guilty, reason);
    });
  }
  if (!is_past_probation_ && time - probation_since_ >= options_.budget.probation) {
    if (former_) owed.push_back([this, before = *former_] { draining_.add(before, now()); });
    is_past_probation_ = true;
    usual_ = recent_calls();
    former_ = std::nullopt;
  }
  return owed;
}

// What memory runs out for is done by the next who judges.
void LiveWork::settle() {
  Consequences next;
  while (true) {
    next.clear();
    {
      const std::lock_guard lock(mutex_);
      if (owed_.empty()) return;
      next.splice(next.end(), owed_, owed_.begin());
    }
    try {
      next.front()();
    } catch (const std::bad_alloc&) {
      const std::lock_guard lock(mutex_);
      owed_.splice(owed_.begin(), next);
      throw;
    }
  }
}

// The version before is current again. What is under way was to replace the bad one. REQUIRES: mutex_; former_.
void LiveWork::step_back() {
  bad_configs_.insert(promoted_->resolved.id);
  if (candidate_ != nullptr) candidate_->cancel();
  candidate_.reset();
  candidate_problem_.clear();
  ++rollbacks_;
  make_current(*std::exchange(former_, std::nullopt));  // whose calls usual_ are already
}

void LiveWork::doubt(std::vector<ClassVersion> moved, std::uint64_t number,
                     const CandidateRejected& fault) {
  const std::string reason = trial::printable(fault.what(), kLongestReason);
  std::erase_if(moved, [](const ClassVersion& version) { return !version.is_followed(); });
  report(LiveEventKind::kProblem, VersionState::kCurrent, number,
         reason + (moved.empty() ? "; it stays, since the config pins all its classes"
                                 : "; it stays until a version before it is ready"));
  {
    const std::lock_guard lock(mutex_);
    candidate_problem_ = reason;
    if (moved.empty()) return;
    clear_suspects();
    for (const ClassVersion& version : moved) stale_.insert(version.name);
    suspects_.begin(std::move(moved), reason, Suspects::Proof::kTrial);
  }
  if (on_stale) on_stale();
}

bool LiveWork::reject_current(std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!promoted_) return false;
    verdict_ = std::move(reason);
  }
  if (on_verdict) on_verdict();
  return true;
}

}  // namespace pet
