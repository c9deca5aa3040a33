// LiveWork: what a LivePipeline does besides answering: looks for moves, and takes a candidate from one
// state to the next. (Inside core/live only.)
//
// Threads: poll() by one thread at a time, step() by one at a time, both at once; everything else from
//          any. The candidate's own thread is the one that steps.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/live/candidate.hpp"
#include "core/live/config_source.hpp"
#include "core/live/live_pipeline.hpp"
#include "core/live/suspects.hpp"
#include "core/live/version_chooser.hpp"
#include "storage/error.hpp"

namespace pet {

class LiveWork {
 public:
  using Time = std::chrono::system_clock::time_point;

  LiveWork(Container& container, ConfigSource source, LiveOptions options,
           Live<LiveVersion>& current);
  ~LiveWork();

  const LiveOptions& options() const noexcept { return options_; }

  // False when something failed, and nothing has changed for that.
  bool poll();
  bool step();

  // Ends what the candidate is doing.
  void cancel();

  void set_config(ParamObject config);
  void record(const XYData& x);
  LiveStatus status() const;
  std::string waiting_for() const;

  // Called, without a lock, when there may be something new to do.
  std::function<void()> on_candidate;
  std::function<void()> on_stale;

 private:
  struct Former {  // the version before the current one
    VersionSnapshot version;
    CallCounts calls;  // of its last window
  };
  struct Measure {
    Time time;
    CallCounts calls;
  };

  // Looking for moves.
  void read_config();
  void choose_versions();
  std::optional<ClassVersion> choose(const std::string& name, bool must_choose,
                                     const std::optional<ClassVersion>& accused);
  void propose(ResolvedConfig resolved);

  // Taking a candidate further.
  std::shared_ptr<Candidate> due_candidate(Time now);
  void advance(Candidate& candidate, Time now);
  CandidateTest test();
  void postpone(const std::shared_ptr<Candidate>& candidate, const std::string& why, Time now);
  void reject(const ResolvedConfig& rejected, std::uint64_t number, const CandidateRejected& why,
              Time now);
  void suspect(std::vector<ClassVersion> moved, const std::string& reason, Time now);
  void condemn(const std::vector<ClassVersion>& versions, const std::string& reason, Time now);
  void promote(VersionSnapshot version, Time now);

  // Judging the current version.
  void judge(Time now);
  void roll_back(const std::string& reason, Time now);
  void measure(Time now);

  void report(LiveEventKind kind, VersionState state, std::uint64_t version, std::string text);
  Time now() const { return options_.clock.now(); }

  Container& container_;
  LiveOptions options_;
  Live<LiveVersion>& current_;
  VersionChooser chooser_;
  LiveEvents events_;
  Draining draining_;

  std::mutex poll_mutex_;  // guards what only polls use
  ConfigSource source_;
  std::optional<LiveConfig> config_;
  std::optional<Error> config_problem_;  // of the file as it is now
  ClassChoices choices_;

  mutable std::mutex mutex_;  // guards all below
  std::set<std::string, std::less<>>
      stale_;                   // classes to choose again though their log stands still
  std::set<Hash> bad_configs_;  // ids that are not tried again
  Suspects suspects_;
  std::shared_ptr<Candidate> candidate_;
  Time candidate_due_;
  int candidate_failures_ = 0;
  std::uint64_t last_number_ = 0;
  VersionSnapshot promoted_;  // the current one
  Time promoted_at_;
  std::optional<Former> former_;
  std::deque<Measure> measures_;
  std::string poll_problem_;
  std::string candidate_problem_;
  std::uint64_t polls_ = 0;
  std::uint64_t swaps_ = 0;
  std::uint64_t rollbacks_ = 0;

  std::mutex recorded_mutex_;
  std::deque<std::shared_ptr<const XYData>> recorded_;
};

}  // namespace pet
