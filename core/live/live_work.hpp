// LiveWork: what a LivePipeline does besides answering: looks for moves, and takes a candidate from one
// state to the next. (Inside core/live only.)
//
// Threads: poll() by one thread at a time, step() by one at a time, both at once; everything else from
//          any. Versions are built and destroyed by the thread that steps. judge() runs no plugin's
//          code, and waits for no storage before the version before is current again.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/live/candidate.hpp"
#include "core/live/config_source.hpp"
#include "core/live/file_events_posix.hpp"
#include "core/live/live_pipeline.hpp"
#include "core/live/suspects.hpp"
#include "core/live/version_chooser.hpp"
#include "storage/error.hpp"

namespace pet {

class LiveWork {
 public:
  using Time = std::chrono::system_clock::time_point;
  using SteadyTime = std::chrono::steady_clock::time_point;

  LiveWork(Container& container, ConfigSource source, LiveOptions options,
           Live<LiveVersion>& current);
  ~LiveWork();

  const LiveOptions& options() const noexcept { return options_; }

  // False when something failed, and nothing has changed for that.
  bool poll();
  // Whether there may be something new for a poll. Asks nobody but this machine, and waits for nothing.
  bool has_heard() { return file_events_.heard(); }
  bool step();
  // Whether the current version may stay. A part of step() that need not wait for the others.
  void judge();
  // It may not. False when there is none.
  bool reject_current(std::string reason);

  // What no poll, step or judgement should have thrown. The same once.
  void report_unexpected(std::string_view what) noexcept;

  // Ends what the candidate is doing.
  void cancel();

  void set_config(ParamObject config);
  void record(const XYData& x) noexcept;
  LiveStatus status() const;
  bool is_draining() const { return !draining_.is_empty(); }
  std::string waiting_for() const;

  // Called, without a lock, when there may be something new to do.
  std::function<void()> on_candidate;
  std::function<void()> on_stale;
  std::function<void()> on_verdict;

 private:
  struct Measure {
    SteadyTime time;
    CallCounts calls;
  };
  // What remains to be done, without the lock, of a change that was made under it. Put together before the
  // change, and there until it is done: memory that runs out on the way loses none.
  using Consequences = std::list<std::function<void()>>;

  // Looking for moves.
  void listen();
  void read_config();
  std::string look_for_forgiven();  // what is wrong, as the next
  std::string look_for_absent();
  void choose_versions();
  std::optional<ClassVersion> choose(const std::string& name, bool must_choose,
                                     const std::optional<ClassVersion>& accused);
  ClassVersion choose_but(const std::string& name, const std::optional<Hash>& but_not = {}) const;
  void propose(const ResolvedConfig& resolved);

  // Taking a candidate further.
  std::shared_ptr<Candidate> due_candidate();
  void advance(Candidate& candidate);
  CandidateTest test();
  bool pass_over(const Candidate& candidate, const Error& error);
  void postpone(const std::shared_ptr<Candidate>& candidate, const std::string& why);
  void promote(const Candidate& candidate, VersionSnapshot version);
  void make_current(VersionSnapshot version);

  // Finding out what is bad.
  void reject(const Candidate& candidate, const CandidateRejected& why);
  void blame(std::vector<ClassVersion> moved, std::uint64_t number, const CandidateRejected& why);
  void suspect(std::vector<ClassVersion> moved, const std::string& reason, Suspects::Proof proof);
  void condemn(const std::vector<ClassVersion>& versions, const std::string& reason);
  void clear_suspects();

  // Judging the current version.
  void measure(SteadyTime now);
  CallCounts recent_calls();
  std::optional<CandidateRejected> fault_of_current();
  const ClassVersion* proven_guilty(SteadyTime time) const;
  Consequences change_by_calls();
  void step_back();
  void settle();
  void doubt(std::vector<ClassVersion> moved, std::uint64_t number, const CandidateRejected& fault);

  void report(LiveEventKind kind, VersionState state, std::uint64_t version, std::string text);
  Time now() const { return options_.clock.now(); }
  SteadyTime steady_now() const { return options_.clock.steady(); }

  Container& container_;
  LiveOptions options_;
  Live<LiveVersion>& current_;
  VersionChooser chooser_;
  LiveEvents events_;
  Draining draining_;
  FileEvents file_events_;

  std::mutex poll_mutex_;  // guards what only polls use
  ConfigSource source_;
  std::optional<ParamObject> unread_;  // a config that has come, until it is read
  std::optional<LiveConfig> config_;
  std::optional<Error> config_problem_;  // of the file as it is now
  ClassChoices choices_;
  std::optional<ResolvedConfig> resolved_;  // of both, until one changes

  mutable std::mutex mutex_;  // guards all below
  std::set<std::string, std::less<>>
      stale_;                            // classes to choose again though their log stands still
  std::set<Hash> bad_configs_;           // ids that are not tried again
  std::map<Hash, ClassVersion> absent_;  // the log names them, and the storage has them not
  std::uint64_t forgiven_ = 0;           // as Rejections count it
  Suspects suspects_;
  std::shared_ptr<Candidate> candidate_;
  SteadyTime candidate_due_;
  int candidate_failures_ = 0;
  std::uint64_t last_number_ = 0;
  VersionSnapshot promoted_;  // the current one
  Time promoted_at_;
  SteadyTime probation_since_;
  std::optional<VersionSnapshot> former_;  // the version before, during the probation
  std::deque<Measure> measures_;
  CallCounts usual_;  // with which the current version's calls are compared
  bool is_past_probation_ = false;
  bool is_doubted_ = false;  // found bad, without one before it to go back to
  Consequences owed_;
  std::optional<std::string> verdict_;
  std::string poll_problem_;
  std::string candidate_problem_;
  std::string unexpected_;  // told last
  std::uint64_t polls_ = 0;
  std::uint64_t swaps_ = 0;
  std::uint64_t rollbacks_ = 0;

  std::mutex recorded_mutex_;
  std::deque<std::shared_ptr<const XYData>> recorded_;
};

}  // namespace pet
