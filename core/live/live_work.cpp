// A poll finds out what should be current: it reads the config when it changed, asks for each followed
// class whether its log goes on (one request), and resolves both to one ResolvedConfig. Is that neither
// the current version nor the candidate, it becomes the candidate, and ends the one before.
//
// A step takes the candidate to its next state. What goes wrong on the way is one of three things: the
// candidate was ended (nothing happens), something failed that may work later (it stays, and is due
// later), or it is wrong itself. Then a binary is to blame, its class is chosen again, and the newest
// version that is not rejected becomes the next candidate, unless that is current already.
#include "core/live/live_work.hpp"

#include <algorithm>
#include <utility>

#include "core/cache/binary_cache.hpp"
#include "core/concurrently.hpp"
#include "core/factory/container.hpp"
#include "core/registry/log_entry.hpp"
#include "storage/ascii.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMaxRecorded = 8;
constexpr seconds kLongestPostponement{60};
constexpr seconds kMeasureEvery{1};

LiveOptions completed(LiveOptions options) {
  if (options.trial == nullptr) options.trial = std::make_shared<const Trial>();
  if (options.rejections == nullptr) options.rejections = std::make_shared<Rejections>();
  options.record = std::min(options.record, kMaxRecorded);
  return options;
}

}  // namespace

std::string shown(const std::vector<ClassVersion>& classes) {
  std::string text;
  for (const ClassVersion& version : classes) text += (text.empty() ? "" : ", ") + version.shown();
  return text;
}

LiveWork::LiveWork(Container& container, ConfigSource source, LiveOptions options,
                   Live<LiveVersion>& current)
    : container_(container),
      options_(completed(std::move(options))),
      current_(current),
      chooser_(container.ppif, *options_.rejections),
      events_(options_.observer),
      draining_(events_),
      source_(std::move(source)) {
  if (container.pcm.cache().describe() != "memory:") return;
  throw Error(ErrorCode::kUsage,
              options_.name +
                  ": a live pipeline needs a cache directory, in which the process that "
                  "tries versions finds them: the container's cache is in memory");
}

LiveWork::~LiveWork() = default;

void LiveWork::report(LiveEventKind kind, VersionState state, std::uint64_t version,
                      std::string text) {
  events_.add({now(), kind, state, version, std::move(text)});
}

// ---- taking a candidate further -----------------------------------------------------------------

bool LiveWork::step() {
  const Time time = now();
  judge(time);
  const bool has_reaped = draining_.reap(time);
  const std::shared_ptr<Candidate> candidate = due_candidate(time);
  if (candidate == nullptr) return has_reaped;
  try {
    advance(*candidate, time);
  } catch (const CandidateRejected& rejection) {
    if (candidate->is_cancelled()) return true;
    reject(candidate->resolved(), candidate->number(), rejection.what(), rejection.culprit(), time);
  } catch (const std::exception& error) {
    postpone(candidate, error.what(), time);
  }
  return true;
}

std::shared_ptr<Candidate> LiveWork::due_candidate(Time time) {
  const std::lock_guard lock(mutex_);
  return candidate_ != nullptr && candidate_due_ <= time ? candidate_ : nullptr;
}

CandidateTest LiveWork::test() {
  CandidateTest test{.trial = options_.trial,
                     .samples = options_.samples,
                     .current = {},
                     .tolerance = options_.tolerance};
  {
    const std::lock_guard lock(recorded_mutex_);
    test.samples.insert(test.samples.end(), recorded_.begin(), recorded_.end());
  }
  const std::lock_guard lock(mutex_);
  test.current = promoted_;
  return test;
}

void LiveWork::advance(Candidate& candidate, Time time) {
  const VersionState before = candidate.state();
  candidate.advance(test());
  if (candidate.is_cancelled()) return;
  if (candidate.state() != before) {
    report(LiveEventKind::kState, candidate.state(), candidate.number(), {});
  }
  if (candidate.state() != VersionState::kWarm) return;
  VersionSnapshot version = candidate.take();
  {
    const std::lock_guard lock(mutex_);
    if (candidate_.get() != &candidate) return;  // ended at the last moment: destroyed here
    candidate_.reset();
    candidate_problem_.clear();
  }
  promote(std::move(version), time);
}

void LiveWork::postpone(const std::shared_ptr<Candidate>& candidate, const std::string& why,
                        Time time) {
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    if (candidate_ != candidate) return;
    const seconds pause{std::int64_t{1} << std::min(candidate_failures_++, 6)};
    candidate_due_ = time + std::min(pause, kLongestPostponement);
    is_new = candidate_problem_ != why;
    candidate_problem_ = why;
  }
  if (is_new) {
    report(LiveEventKind::kProblem, candidate->state(), candidate->number(), first_line(why));
  }
}

void LiveWork::reject(const ResolvedConfig& rejected, std::uint64_t number,
                      const std::string& reason, const std::optional<Hash>& culprit, Time time) {
  std::vector<ClassVersion> moved;
  {
    const std::lock_guard lock(mutex_);
    if (candidate_ != nullptr && candidate_->number() == number) candidate_.reset();
    const ResolvedConfig* from = nullptr;
    if (promoted_ && promoted_->number != number) from = &promoted_->resolved;
    if (from == nullptr && former_) from = &former_->version->resolved;
    moved = moved_classes(from, rejected);
    bad_configs_.insert(rejected.id);
    candidate_problem_ = reason;
  }
  report(LiveEventKind::kState, VersionState::kRejected, number, shown(moved) + ": " + reason);
  // A pin is the config's to move, and what is compiled in the program's.
  std::erase_if(moved, [](const ClassVersion& v) { return !v.hash || v.number == 0; });
  const auto named = std::ranges::find_if(
      moved, [&](const ClassVersion& version) { return culprit && version.hash == culprit; });
  if (named != moved.end()) {
    condemn({*named}, reason, time);
  } else if (moved.size() == 1) {
    condemn(moved, reason, time);
  } else if (!moved.empty()) {
    suspect(std::move(moved), reason, time);
  }
  if (on_stale) on_stale();
}

// Several moved: which of them it was is found out by leaving out one after the other.
void LiveWork::suspect(std::vector<ClassVersion> moved, const std::string& reason, Time time) {
  std::vector<ClassVersion> all_bad;
  {
    const std::lock_guard lock(mutex_);
    if (suspects_.accused() == nullptr) {
      suspects_.begin(std::move(moved), reason);
    } else if (!suspects_.next()) {
      all_bad = suspects_.all();
    }
    for (const ClassVersion& version : suspects_.all()) stale_.insert(version.name);
  }
  if (!all_bad.empty()) condemn(all_bad, reason, time);
}

// Remembers them as bad, and has their classes chosen again.
void LiveWork::condemn(const std::vector<ClassVersion>& versions, const std::string& reason,
                       Time time) {
  {
    const std::lock_guard lock(mutex_);
    suspects_.clear();
    for (const ClassVersion& version : versions) stale_.insert(version.name);
  }
  try {
    for (const ClassVersion& version : versions) {
      options_.rejections->add({.hash = *version.hash,
                                .class_name = version.name,
                                .reason = reason,
                                .time = utc_time(time),
                                .pipeline = options_.name});
    }
  } catch (const Error& error) {
    report(LiveEventKind::kProblem, VersionState::kRejected, 0,
           "a rejection holds until this process ends, since it cannot be written down: " +
               first_line(error.what()));
  }
}

void LiveWork::promote(VersionSnapshot version, Time time) {
  const std::uint64_t number = version->number;
  std::optional<Former> displaced;
  std::optional<ClassVersion> guilty;  // without it all is well
  std::string reason;
  {
    const std::lock_guard lock(mutex_);
    if (suspects_.accused() != nullptr) {
      guilty = *suspects_.accused();
      reason = suspects_.reason();
    }
    measure(time);
    CallCounts recent =
        measures_.empty() ? CallCounts() : measures_.back().calls - measures_.front().calls;
    if (promoted_ && recent.calls < options_.budget.min_calls) recent = promoted_->stats.counts();
    displaced = std::exchange(former_, std::nullopt);
    if (promoted_) former_.emplace(Former{promoted_, recent});
    promoted_ = version;
    promoted_at_ = time;
    measures_.clear();
    ++swaps_;
    candidate_problem_.clear();
  }
  current_.promote(std::move(version));
  report(LiveEventKind::kState, VersionState::kCurrent, number, {});
  if (guilty) condemn({*guilty}, reason, time);
  if (displaced) draining_.add(std::move(displaced->version), time);
}

// ---- judging the current version ----------------------------------------------------------------

// REQUIRES: mutex_.
void LiveWork::measure(Time time) {
  if (!promoted_) return;
  if (!measures_.empty() && time - measures_.back().time < kMeasureEvery) return;
  measures_.push_back({time, promoted_->stats.counts()});
  while (measures_.size() > 2 && time - measures_[1].time >= options_.budget.window) {
    measures_.pop_front();
  }
}

void LiveWork::judge(Time time) {
  std::optional<std::string> excess;
  std::optional<Former> past_probation;
  {
    const std::lock_guard lock(mutex_);
    if (!promoted_) return;
    measure(time);
    if (!former_) return;
    const CallCounts recent =
        promoted_->stats.counts() - (measures_.size() > 1 ? measures_.front().calls : CallCounts());
    excess = options_.budget.excess(recent, former_->calls);
    if (!excess && time - promoted_at_ >= options_.budget.probation) {
      past_probation = std::exchange(former_, std::nullopt);
    }
  }
  if (excess) roll_back(*excess, time);
  if (past_probation) draining_.add(std::move(past_probation->version), time);
}

void LiveWork::roll_back(const std::string& reason, Time time) {
  VersionSnapshot bad;
  {
    const std::lock_guard lock(mutex_);
    bad = promoted_;
  }
  reject(bad->resolved, bad->number, reason, std::nullopt, time);
  VersionSnapshot good;
  {
    const std::lock_guard lock(mutex_);
    good = std::exchange(former_, std::nullopt)->version;
    promoted_ = good;
    promoted_at_ = time;
    measures_.clear();
    ++rollbacks_;
    if (candidate_ != nullptr) candidate_->cancel();
    candidate_.reset();
  }
  const std::uint64_t number = good->number;
  current_.promote(std::move(good));
  report(LiveEventKind::kRollback, VersionState::kCurrent, number, reason);
  draining_.add(std::move(bad), time);
}

// ---- for others ---------------------------------------------------------------------------------

void LiveWork::cancel() {
  const std::lock_guard lock(mutex_);
  if (candidate_ != nullptr) candidate_->cancel();
}

void LiveWork::set_config(ParamObject config) { source_.set(std::move(config)); }

// An input that cannot be kept at once is not kept: calls wait for nobody.
void LiveWork::record(const XYData& x) {
  const std::unique_lock lock(recorded_mutex_, std::try_to_lock);
  if (!lock) return;
  recorded_.push_back(std::make_shared<const XYData>(x.clone()));
  if (recorded_.size() > options_.record) recorded_.pop_front();
}

std::string LiveWork::waiting_for() const {
  const std::lock_guard lock(mutex_);
  if (!candidate_problem_.empty()) return candidate_problem_;
  if (!poll_problem_.empty()) return poll_problem_;
  return "its first version is not ready yet";
}

LiveStatus LiveWork::status() const {
  LiveStatus status;
  status.name = options_.name;
  status.draining = draining_.waiting();
  status.events = events_.newest();
  status.rejections = options_.rejections->all();
  const std::lock_guard lock(mutex_);
  if (promoted_) {
    status.current = {.number = promoted_->number,
                      .id = promoted_->resolved.id.hex(),
                      .classes = promoted_->resolved.classes,
                      .since = promoted_at_,
                      .calls = promoted_->stats.counts()};
  }
  if (candidate_ != nullptr) {
    status.candidate = {
        candidate_->number(), candidate_->state(),
        shown(moved_classes(promoted_ ? &promoted_->resolved : nullptr, candidate_->resolved()))};
  }
  status.problem = candidate_problem_.empty() ? poll_problem_ : candidate_problem_;
  status.polls = polls_;
  status.swaps = swaps_;
  status.rollbacks = rollbacks_;
  return status;
}

}  // namespace pet
