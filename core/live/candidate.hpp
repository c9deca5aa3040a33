// Candidate: a version on its way to being current, one state after the other.
//
//   Candidate candidate(container, resolved, number, options);
//   while (candidate.state() != VersionState::kWarm) candidate.advance();
//   VersionSnapshot version = candidate.version();
//
// Threads: one thread advances; cancel() and state() from any.
// Throws:  advance(): CandidateRejected when the candidate itself is wrong; pet::Error for what may be
//          otherwise later (a storage that fails), after which advance() may be called again.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include "core/live/live_events.hpp"
#include "core/live/live_version.hpp"
#include "core/live/trial.hpp"

namespace pet {

class Container;

// Why, in a sentence; and whose fault, where that is known.
class CandidateRejected : public std::runtime_error {
 public:
  CandidateRejected(const std::string& phase, const std::string& reason,
                    std::optional<Hash> culprit)
      : std::runtime_error(reason), phase_(phase), culprit_(culprit) {}
  const std::string& phase() const noexcept { return phase_; }  // as LiveEvent has it
  const std::optional<Hash>& culprit() const noexcept { return culprit_; }

 private:
  std::string phase_;
  std::optional<Hash> culprit_;
};

using Samples = std::vector<std::shared_ptr<const XYData>>;

// What a candidate is tried with.
struct CandidateTest {
  std::shared_ptr<const Trial> trial;
  Samples samples;
  VersionSnapshot current;  // whose answers it is compared with
  AnswerRules answer_rules;
};

class Candidate {
 public:
  Candidate(const Container& container, ResolvedConfig resolved, std::uint64_t number);

  VersionState state() const noexcept { return state_; }
  std::uint64_t number() const noexcept { return number_; }
  const ResolvedConfig& resolved() const noexcept { return resolved_; }

  // From one state to the next, up to kWarm. `test` is used on the way to kTried and kWarm. When it was
  // cancelled meanwhile, the state stays.
  void advance(const CandidateTest& test);

  void cancel() { stop_.request_stop(); }
  bool is_cancelled() const { return stop_.stop_requested(); }

  // REQUIRES: kWarm. Once.
  VersionSnapshot take() { return std::move(version_); }

 private:
  void fetch() const;
  void check() const;
  void try_out(const CandidateTest& test);
  void build(const CandidateTest& test);

  const Container& container_;
  ResolvedConfig resolved_;
  const std::uint64_t number_;
  std::atomic<VersionState> state_{VersionState::kFound};
  std::stop_source stop_;
  VersionSnapshot version_;
};

}  // namespace pet
