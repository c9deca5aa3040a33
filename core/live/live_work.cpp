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
#include "core/live/trial_frame.hpp"
#include "core/registry/log_entry.hpp"
#include "storage/ascii.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMaxRecorded = 8;
constexpr std::uint64_t kMaxRecordedBytes = std::uint64_t{16} << 20;  // of one input
constexpr std::size_t kLongestText = std::size_t{4} << 10;
constexpr std::size_t kShownClasses = 16;
constexpr seconds kLongestPostponement{60};

LiveOptions completed(LiveOptions options) {
  if (options.trial == nullptr) options.trial = std::make_shared<const Trial>();
  if (options.rejections == nullptr) options.rejections = std::make_shared<Rejections>();
  options.record = std::min(options.record, kMaxRecorded);
  return options;
}

}  // namespace

std::string shown(const std::vector<ClassVersion>& classes) {
  std::string text;
  const std::size_t count = std::min(classes.size(), kShownClasses);
  for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + classes[i].shown();
  if (count < classes.size()) text += " and " + std::to_string(classes.size() - count) + " more";
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
  // Plugins and storages have written parts of it.
  events_.add({now(), kind, state, version, trial::printable(text, kLongestText)});
}

void LiveWork::report_unexpected(std::string_view what) noexcept {
  try {
    std::string text(what);
    {
      const std::lock_guard lock(mutex_);
      if (unexpected_ == text) return;
      unexpected_ = text;
    }
    report(LiveEventKind::kProblem, VersionState::kFound, 0, std::move(text));
  } catch (const std::exception&) {
  }
}

// ---- taking a candidate further -----------------------------------------------------------------

bool LiveWork::step() {
  judge();
  const bool has_reaped = draining_.reap(now());
  const std::shared_ptr<Candidate> candidate = due_candidate();
  if (candidate == nullptr) return has_reaped;
  try {
    advance(*candidate);
  } catch (const CandidateRejected& rejection) {
    if (candidate->is_cancelled()) return true;
    reject(*candidate, rejection);
  } catch (const Error& error) {
    if (!pass_over(*candidate, error)) postpone(candidate, error.what());
  } catch (const std::exception& error) {
    postpone(candidate, error.what());
  }
  return true;
}

std::shared_ptr<Candidate> LiveWork::due_candidate() {
  const std::lock_guard lock(mutex_);
  return candidate_ != nullptr && candidate_due_ <= steady_now() ? candidate_ : nullptr;
}

CandidateTest LiveWork::test() {
  CandidateTest test{.trial = options_.trial,
                     .samples = options_.samples,
                     .current = {},
                     .answer_rules = options_.answer_rules};
  {
    const std::lock_guard lock(recorded_mutex_);
    test.samples.insert(test.samples.end(), recorded_.begin(), recorded_.end());
  }
  const std::lock_guard lock(mutex_);
  test.current = promoted_;
  return test;
}

void LiveWork::advance(Candidate& candidate) {
  const VersionState before = candidate.state();
  candidate.advance(test());
  if (candidate.is_cancelled()) return;
  if (candidate.state() != before) {
    report(LiveEventKind::kState, candidate.state(), candidate.number(), {});
  }
  if (candidate.state() != VersionState::kWarm) return;
  promote(candidate, candidate.take());
}

// While nothing answers yet, a binary that is not there shall not hold up a version that is. Not one that a
// config pins: that and no other was asked for.
bool LiveWork::pass_over(const Candidate& candidate, const Error& error) {
  if (error.code() != ErrorCode::kVersionNotFound) return false;
  {
    const std::lock_guard lock(mutex_);
    const bool is_first = !promoted_ && candidate_.get() == &candidate;
    if (!is_first || candidate.state() != VersionState::kFound) return false;
    const std::vector<ClassVersion>& classes = candidate.resolved().classes;
    const auto missing = std::ranges::find_if(classes, [&](const ClassVersion& version) {
      return version.is_followed() && version.hash->hex() == error.hash();
    });
    if (missing == classes.end()) return false;
    stale_.insert(missing->name);
    absent_.emplace(*missing->hash, *missing);
    candidate_.reset();
  }
  if (on_stale) on_stale();
  return true;
}

void LiveWork::postpone(const std::shared_ptr<Candidate>& candidate, const std::string& given) {
  const std::string why = trial::printable(given, kLongestText);
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    if (candidate_ != candidate) return;
    const seconds pause{std::int64_t{1} << std::min(candidate_failures_++, 6)};
    candidate_due_ = steady_now() + std::min(pause, kLongestPostponement);
    is_new = candidate_problem_ != why;
    candidate_problem_ = why;
  }
  if (is_new) {
    report(LiveEventKind::kProblem, candidate->state(), candidate->number(), first_line(why));
  }
}

void LiveWork::reject(const Candidate& candidate, const CandidateRejected& why) {
  {
    const std::lock_guard lock(mutex_);
    Consequences owed;
    owed.push_back([this, why, number = candidate.number(),
                    moved = moved_classes(promoted_ ? &promoted_->resolved : nullptr,
                                          candidate.resolved())] { blame(moved, number, why); });
    candidate_problem_ = trial::printable(why.what(), kLongestText);
    bad_configs_.insert(candidate.resolved().id);
    if (candidate_.get() == &candidate) candidate_.reset();
    owed_.splice(owed_.end(), owed);
  }
  settle();
}

// Of what moved, one is bad, or more.
void LiveWork::blame(std::vector<ClassVersion> moved, std::uint64_t number,
                     const CandidateRejected& why) {
  const std::string reason = trial::printable(why.what(), kLongestText);
  events_.add({now(), LiveEventKind::kState, VersionState::kRejected, number,
               shown(moved) + ": " + reason, why.phase()});
  std::erase_if(moved, [](const ClassVersion& version) { return !version.is_followed(); });
  const auto named = std::ranges::find_if(moved, [&](const ClassVersion& version) {
    return why.culprit() && version.hash == why.culprit();
  });
  if (named != moved.end()) {
    condemn({*named}, reason);
  } else if (moved.size() == 1) {
    condemn(moved, reason);
  } else if (!moved.empty()) {
    const bool is_of_calls = why.phase() == "budget" || why.phase() == "verdict";
    suspect(std::move(moved), reason,
            is_of_calls ? Suspects::Proof::kCalls : Suspects::Proof::kTrial);
  }
  if (on_stale) on_stale();
}

// Several moved: which of them it was is found out by leaving out one after the other.
void LiveWork::suspect(std::vector<ClassVersion> moved, const std::string& reason,
                       Suspects::Proof proof) {
  std::vector<ClassVersion> all_bad;
  {
    const std::lock_guard lock(mutex_);
    const bool is_first = suspects_.accused() == nullptr;
    std::vector<ClassVersion> all = is_first ? std::move(moved) : suspects_.all();
    for (const ClassVersion& version : all) stale_.insert(version.name);
    if (is_first) {
      suspects_.begin(std::move(all), reason, proof);
    } else if (!suspects_.next()) {
      all_bad = std::move(all);
    }
  }
  if (!all_bad.empty()) condemn(all_bad, reason);
}

// Remembers them as bad, and has their classes chosen again.
void LiveWork::condemn(const std::vector<ClassVersion>& versions, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    clear_suspects();
    for (const ClassVersion& version : versions) stale_.insert(version.name);
  }
  try {
    for (const ClassVersion& version : versions) {
      options_.rejections->add({.hash = *version.hash,
                                .class_name = version.name,
                                .reason = reason,
                                .time = utc_time(now()),
                                .pipeline = options_.name});
    }
  } catch (const Error& error) {
    report(LiveEventKind::kProblem, VersionState::kRejected, 0,
           "a rejection holds until this process ends, since it cannot be written down: " +
               first_line(error.what()));
  }
}

// The others that were suspected with it may be innocent, and left out still.
void LiveWork::clear_suspects() {
  for (const ClassVersion& version : suspects_.all()) stale_.insert(version.name);
  suspects_.clear();
}

// Under one lock with the exchange itself: a judgement may come at any time.
void LiveWork::promote(const Candidate& candidate, VersionSnapshot version) {
  {
    const std::lock_guard lock(mutex_);
    if (candidate_.get() != &candidate) return;  // ended at the last moment: destroyed here
    Consequences owed;
    owed.push_back([this, number = version->number] {
      report(LiveEventKind::kState, VersionState::kCurrent, number, {});
    });
    const ClassVersion* const accused = suspects_.accused();
    const bool is_judged = accused != nullptr && suspects_.proof() == Suspects::Proof::kTrial;
    if (is_judged && !version->resolved.contains(*accused)) {  // without it all is well
      owed.push_back([this, guilty = std::vector{*accused}, reason = suspects_.reason()] {
        condemn(guilty, reason);
      });
    }
    if (former_) owed.push_back([this, displaced = *former_] { draining_.add(displaced, now()); });
    usual_ = recent_calls();
    candidate_.reset();
    former_ = std::nullopt;
    if (promoted_) former_ = promoted_;
    ++swaps_;
    make_current(std::move(version));
    candidate_problem_.clear();
    owed_.splice(owed_.end(), owed);
  }
  settle();
}

// ---- for others ---------------------------------------------------------------------------------

void LiveWork::cancel() {
  const std::lock_guard lock(mutex_);
  if (candidate_ != nullptr) candidate_->cancel();
}

void LiveWork::set_config(ParamObject config) { source_.set(std::move(config)); }

// An input that cannot be kept at once is not kept: calls wait for nobody, and none fails for it.
void LiveWork::record(const XYData& x) noexcept {
  try {
    if (!x || trial::tensor_bytes(x) > kMaxRecordedBytes) return;
    const std::unique_lock lock(recorded_mutex_, std::try_to_lock);
    if (!lock) return;
    recorded_.push_back(std::make_shared<const XYData>(x.clone()));
    if (recorded_.size() > options_.record) recorded_.pop_front();
  } catch (const std::exception&) {
  }
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
  std::string unread;
  try {
    status.rejections = options_.rejections->all();
  } catch (const Error& error) {
    unread = error.what();
  }
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
  if (status.problem.empty()) status.problem = unread;
  status.polls = polls_;
  status.swaps = swaps_;
  status.rollbacks = rollbacks_;
  return status;
}

}  // namespace pet
