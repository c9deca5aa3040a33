// Trial: a candidate version of a pipeline lives and answers in a process of its own before it may in
// the service.
//
//   const TrialReport report = Trial().run({.config = pinned, .cache = cache_directory,
//                                           .samples = std::move(last_inputs)});
//   if (!report.passed && !report.cancelled) reject(report.reason);   // "crashed (SIGSEGV) in call 3 of 8"
//
// The process is the helper program `pet-trial`, spawned (never forked: a fork hangs while another
// thread is inside dlopen). It loads the pipeline offline from the cache, constructs it, imports what it
// has learned, exports that and compares, predicts every sample, destroys it all and unloads. What
// crashes, hangs, throws, ends the process, or takes more memory than allowed is stopped there and told
// with the phase in which it happened; the service never maps a byte of it.
//
// Trust:    the helper has the candidate's code in it, so whatever it sends is checked here: sizes,
//           shapes, types, order. It is no sandbox: that code has this user's rights, in a process of
//           its own. A candidate that wants to pass by lying about itself can.
// Limits:   wall-clock times are this side's; memory is the kernel's RLIMIT_AS, which counts what is
//           asked for, beyond what the helper itself has. Not in builds with AddressSanitizer or
//           ThreadSanitizer, whose shadow memory it would forbid: there memory is not limited.
// Helper:   $PET_TRIAL_HELPER; else pet-trial beside the running program; else, relative to that,
//           ../libexec/petfactory/pet-trial, where it is installed. A service with compiled-in classes
//           of its own brings a helper that has them, too: core/live/trial_main.hpp.
// Leftovers: none: the helper is killed and reaped before run() returns, with what the candidate
//           started in its process group; it dies with the thread that runs it.
// Threads:  run() may be called from many threads at once; each has a helper of its own.
// Throws:   pet::Error: kUsage for a helper that is missing, does not start or is no helper, naming
//           its path; kUsage for a request that contradicts itself; kStorageRefused,
//           kStorageUnreachable, kVersionNotFound and kClassNotFound when the cache cannot be used or
//           has not what the config names. None of these says anything about the candidate.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <pet/xydata.hpp>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace pet {

enum class TrialPhase {
  kStart,      // the helper itself
  kLoad,       // fetch from the cache, hash, gate, dlopen
  kConstruct,  // instances, with the config's parameters
  kImport,     // what they have learned, by state_hash
  kExport,     // save it, load that into a second instance, save again: the same bytes
  kWarm,       // the first predict
  kCall,       // one predict a sample, answers compared
  kDestroy,    // instances, then their libraries
};
std::string_view to_string(TrialPhase phase) noexcept;  // "start", "load", "construct", …

struct TrialLimits {
  std::chrono::milliseconds time{30'000};  // the whole trial
  std::chrono::milliseconds call{5'000};   // one call; the first predict (warm) may take longer
  std::uint64_t memory = std::uint64_t{4} << 30;
  std::uint64_t answer = std::uint64_t{256} << 20;  // bytes of one answer
};

// What a candidate's answers are held against, beside being finite and of a type and shape.
struct AnswerRules {
  // How far numbers may be from the current version's, as numpy.allclose has it:
  // |a - b| <= tolerance * (1 + |b|). Not given: values are not compared, only types and shapes.
  std::optional<double> tolerance = {};
};

struct TrialRequest {
  // JSON, every node pinned (version_hash or "builtin"), with state_hash where it has learned.
  std::string config;
  std::filesystem::path cache;  // the directory of a BinaryCache that has all that the config names
  // Inputs to predict, 4096 at most. None: then the candidate is not called at all.
  std::vector<XYData> samples;
  // The current version's answers to them, one a sample (nothing: not compared), or none at all.
  std::vector<XYData> expected;
  AnswerRules answer_rules = {};
};

struct TrialReport {
  bool passed = false;
  bool cancelled = false;                 // by the stop_token: nothing is known of the candidate
  TrialPhase phase = TrialPhase::kStart;  // the one that failed, or the last
  std::string reason;                     // what was expected and what came; empty when passed
  std::size_t answered = 0;               // so many of the samples
  std::chrono::nanoseconds duration{};
  std::chrono::nanoseconds slowest_call{};
  std::uint64_t peak_memory =
      0;  // bytes that were resident at most, as far as it was seen; 0: was not
};

class Trial {
 public:
  explicit Trial(std::filesystem::path helper = default_helper(), TrialLimits limits = {});

  TrialReport run(const TrialRequest& request, std::stop_token stop = {}) const;

  const std::filesystem::path& helper() const noexcept { return helper_; }
  const TrialLimits& limits() const noexcept { return limits_; }

  // The first of the places above that has one; where none has, the one beside the program.
  static std::filesystem::path default_helper();

 private:
  std::filesystem::path helper_;
  TrialLimits limits_;
};

}  // namespace pet
