// Model: a pipeline that is served under a name, in the version that is current.
//
//   Model model(container, "iris.json", options, log);
//   model.load(10s);
//   Prediction y = model.predict(x, "");        // of the version that is current now
//
// Threads:  any. load() and unload() wait for each other.
// Lifetime: the container and the log outlive it. After unload() it has no version and can be loaded
//           again; calls that had begun end first.
// Throws:   HttpRefusal: 404 for a version that is not current, 503 while there is none, 400 for input
//           that the pipeline refuses, 500 for what fails in it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/live/live_pipeline.hpp"
#include "tools/data/fitted_data.hpp"
#include "tools/petserve/error_answer.hpp"
#include "tools/petserve/log.hpp"
#include "tools/petserve/model_history.hpp"

namespace pet::tools {

// What is to be known of a version beside its instance, of which it holds nothing.
struct VersionFacts {
  std::uint64_t number;
  std::string name;  // the number's text
  std::string id;    // of its config, every class pinned: 64 hex digits
  FittedData fitted;
  bool predicts_labels;
  // Of its last answer, as the protocol has it; nullptr before the first.
  mutable std::atomic<const char*> datatype{nullptr};
};

struct Prediction {
  std::shared_ptr<const VersionFacts> version;
  XYData y;
  std::optional<std::vector<std::string>> texts;  // what y means, when that is texts
};

class Model {
 public:
  // The name is the file's, without its extension: kUsage when that cannot stand in a URL.
  Model(Container& container, std::filesystem::path config,
        const std::function<LiveOptions(const std::string& name)>& options, const Log& log);
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const std::string& name() const noexcept { return name_; }
  const std::filesystem::path& config() const noexcept { return config_; }

  // Loaded already: looks at once whether something has moved. Whether it is ready then.
  bool load(std::chrono::milliseconds timeout);
  // What was rejected and never had a version beside it that works may be tried again by the next load.
  void unload();
  // What an unload waits for has not ended.
  bool is_unloading() const noexcept { return is_unloading_; }

  // `version`: a number, an id, or empty for whatever is current.
  Prediction predict(const XYData& x, std::string_view version) const;

  // Throws as predict() does.
  std::shared_ptr<const VersionFacts> current(std::string_view version) const;

  std::optional<LiveStatus> status() const;  // nothing: it is not loaded
  bool is_ready() const;

  // ---- counting ----

  void count(int status, std::chrono::nanoseconds duration) noexcept;
  std::uint64_t answered_with(int status) const noexcept;
  CallCounts requests() const noexcept { return requests_.counts(); }
  // Each second, by one thread.
  void tick();
  const ModelHistory& history() const noexcept { return history_; }
  std::vector<std::pair<std::string, std::uint64_t>> rejections_by_cause() const;
  std::uint64_t swaps() const noexcept { return swaps_; }
  std::uint64_t rollbacks() const noexcept { return rollbacks_; }

 private:
  bool wait_until_ready(const LivePipeline& live, std::uint64_t polls,
                        std::chrono::milliseconds timeout) const;
  LiveStatus status_of(const LivePipeline& live) const;
  void tell_pinned();
  std::set<Hash> rejected() const;
  void forgive();
  void on_event(const LiveEvent& event);
  LiveEvent with_text(const LiveEvent& event);
  void log(const LiveEvent& event) const;
  void count_rejection(const std::string& cause);
  std::shared_ptr<LivePipeline> live() const;  // throws when it is not loaded
  std::shared_ptr<const VersionFacts> facts_of(const LiveVersion& version) const;

  Container& container_;
  const std::filesystem::path config_;
  const std::string name_;
  const LiveOptions options_;
  const Log& log_;

  std::mutex loading_;  // guards the next two, which are as the last load found them
  std::uint64_t swaps_before_ = 0;
  std::set<Hash> rejected_before_;
  std::atomic<bool> is_unloading_{false};
  mutable std::atomic<std::shared_ptr<const VersionFacts>> facts_;
  CallStats requests_;
  std::array<std::atomic<std::uint64_t>, 600> by_status_{};
  std::atomic<std::uint64_t> swaps_{0};
  std::atomic<std::uint64_t> rollbacks_{0};
  ModelHistory history_;
  bool has_told_pinned_ = false;     // tick()'s
  mutable std::mutex events_mutex_;  // guards the next two
  std::vector<std::pair<std::string, std::uint64_t>> causes_;
  std::pair<std::uint64_t, std::string> found_;  // the last version that was found, and what moved
  std::atomic<std::shared_ptr<LivePipeline>> live_;  // last: its threads report events here
};

}  // namespace pet::tools
