// LivePipeline: the version of a pipeline that a service uses right now, and how it becomes another.
//
//   LivePipeline live(container, "iris.json", {.follow = {"MyFilter"}, .samples = samples});
//   live.start();                           // follows config and storage from now on
//   live.wait_until_ready(30s);
//   XYData y = live.predict(x);             // counted, for the budget
//   {
//     const auto version = live.read();     // or several calls on one version
//     version->pipeline->predict(x);
//   }
//
// A request opens one Read (or takes one Snapshot) and keeps it: everything it calls comes from one
// version, and that version stays loaded until the last of them dies, however often a newer one is
// promoted meanwhile.
//
// Moves:    an entry in the log of a class that is followed, or a change of the config's file. What they
//           mean together is a candidate: every node pinned. It is fetched, checked by the gate, tried in
//           a process of its own (trial.hpp), built and warmed here, on a thread that answers no request,
//           and promoted by one exchange of a pointer. A newer move ends the way of one before.
//           Looked for at each poll; a log or a config on this machine is heard of, and polled, at once.
// Failures: an outage, a damaged document, an empty answer change nothing; it is tried again, later each
//           time. What is wrong with the candidate itself rejects it: of the binaries that moved the one
//           that the error names, else the one without which it goes well, is remembered with the reason
//           (rejections.hpp), and the newest version without rejected ones is taken. What is forgiven is
//           tried again at the next poll.
// Start:    while no version is current, a binary that the log names and the storage has not is passed over
//           for the newest that is there, and told of as a problem until it is there, too. What a config
//           pins, is damaged or cannot be reached is waited for.
// Rollback: a current version beyond its budget (budget.hpp) is rejected, and the one before, which stays
//           loaded for its probation, is current again at once. Past its probation it goes on until a
//           version before it has been tried and is current; only its failures are judged then.
//           Input that the pipeline refuses (bad_input.hpp) is no failure of its version, unless such input,
//           of that type and so many columns, has been answered before: clients shall not roll it back.
// State:    what a node has learned is named by the config; a new version is given it, in the trial first.
// Threads:  read(), snapshot(), predict() from any, without a lock; status(), set_config() and
//           reject_current() from any. start() makes three threads: one polls, one loads, builds,
//           destroys and unloads, one judges. Without start(), poll() and step() do the same by hand,
//           one at a time.
// Lifetime: its destructor ends a trial, and waits for the request to a storage, or the call of a plugin,
//           that is under way. Reads must end before it does; Snapshots may outlive it, and destroy what they hold on the
//           thread that drops the last. The container outlives it.
// Throws:   the constructor: kBadConfig; kUsage without a cache directory. predict: kStorageUnreachable
//           before the first version is current, naming what it waits for; what the pipeline throws.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/live/budget.hpp"
#include "core/live/draining.hpp"
#include "core/live/live.hpp"
#include "core/live/live_events.hpp"
#include "core/live/live_version.hpp"
#include "core/live/rejections.hpp"
#include "core/live/trial.hpp"

namespace pet {

class Container;

// What time it is, for people; and how much has passed, which nobody sets back. Replaced in tests.
struct LiveClock {
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
  std::function<std::chrono::steady_clock::time_point()> steady = std::chrono::steady_clock::now;
};

struct LiveOptions {
  std::string name = "pipeline";         // in messages and rejections
  std::vector<std::string> follow = {};  // classes to follow though the config pins them
  std::vector<std::shared_ptr<const XYData>> samples = {};  // for the trial and to warm with
  // So many of the last inputs that predict() answered are samples, too: 8 at most, of 16 MiB at most.
  std::size_t record = 0;
  AnswerRules answer_rules = {};                // for the trial
  std::shared_ptr<const Trial> trial = {};      // none: Trial's default
  std::shared_ptr<Rejections> rejections = {};  // none: remembered until the end of the process
  Budget budget = {};
  std::chrono::milliseconds poll{5'000};
  std::chrono::milliseconds longest_pause{60'000};  // between polls of a storage that fails
  LiveObserver observer = {};
  LiveClock clock = {};
};

struct LiveStatus {
  struct Version {
    std::uint64_t number = 0;  // 0: none
    std::string id;            // of its ResolvedConfig
    std::vector<ClassVersion> classes;
    std::chrono::system_clock::time_point since;
    CallCounts calls;
  };
  struct Candidate {
    std::uint64_t number;
    VersionState state;
    std::string text;  // what moved
  };

  std::string name;
  Version current;
  std::optional<Candidate> candidate;
  std::vector<Draining::Waiting> draining;
  std::vector<LiveEvent> events;  // the latest last
  std::vector<Rejection> rejections;
  std::string problem;  // the last poll's or candidate's, while it lasts
  std::uint64_t polls = 0;
  std::uint64_t swaps = 0;
  std::uint64_t rollbacks = 0;
};

class LivePipeline {
 public:
  using Read = Live<LiveVersion>::Read;
  using Snapshot = VersionSnapshot;

  // Reads the file at each poll, and follows its changes.
  LivePipeline(Container& container, std::filesystem::path config, LiveOptions options = {});
  LivePipeline(Container& container, ParamObject config, LiveOptions options = {});
  ~LivePipeline();
  LivePipeline(const LivePipeline&) = delete;
  LivePipeline& operator=(const LivePipeline&) = delete;

  // `version->pipeline` is nothing before the first version is current.
  Read read() const { return current_.read(); }
  Snapshot snapshot() const { return current_.snapshot(); }
  bool is_ready() const { return read()->number != 0; }

  XYData predict(const XYData& x) const;
  // The same of a version that the caller reads; counted for it. REQUIRES: it has a pipeline.
  XYData predict(const LiveVersion& version, const XYData& x) const;

  void start();
  bool wait_until_ready(std::chrono::milliseconds timeout) const;
  // Polls at the next opportunity and not after the pause.
  void poll_soon();

  // Another config, as if the file had changed.
  void set_config(ParamObject config);

  // The version that is current now is bad: what an operator knows, or a health check of the application's
  // own. It is rejected, and left as one beyond its budget is. False when there is none.
  bool reject_current(std::string reason);

  LiveStatus status() const;

  // ---- by hand, instead of start() ----

  // Looks once whether config or storage have moved.
  void poll();
  // Takes the candidate one state further, judges the current version, destroys what nobody uses. False
  // when there was nothing to do.
  bool step();

 private:
  struct Work;

  Live<LiveVersion> current_;
  // What kind of input was answered last, whatever the version; 0: none yet.
  mutable std::atomic<std::uint64_t> usual_input_{0};
  std::unique_ptr<Work> work_;  // last: its threads use what is above
};

}  // namespace pet
