#include "core/live/candidate.hpp"

#include <utility>

#include "core/cache/binary_cache.hpp"
#include "core/concurrently.hpp"
#include "core/factory/container.hpp"
#include "core/pipeline/build.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

// Whether the error is the candidate's own, and will be the same the next time. Bytes that are not there,
// or are others than the hash says, come late or from a bad place: they are not the candidate.
bool is_verdict(ErrorCode code) {
  switch (code) {
    case ErrorCode::kClassNotFound:
    case ErrorCode::kVersionNotFound:
    case ErrorCode::kCorrupt:
    case ErrorCode::kStorageUnreachable:
    case ErrorCode::kStorageRefused:
    case ErrorCode::kStorageUnsupported:
    case ErrorCode::kUsage:
      return false;
    default:
      return true;
  }
}

// Runs a step. An error that is the candidate's own rejects it.
template <class Step>
void reject_for_verdict(const char* where, const Step& step) {
  try {
    step();
  } catch (const Error& error) {
    if (!is_verdict(error.code())) throw;
    throw CandidateRejected(where, std::string(where) + ": " + error.what(),
                            Hash::parse(error.hash()));
  } catch (const Failure& failure) {
    throw CandidateRejected(where, std::string(where) + ": " + failure.what(), std::nullopt);
  }
}

std::vector<XYData> clones(const Samples& samples) {
  std::vector<XYData> out;
  for (const auto& sample : samples) out.push_back(sample->clone());
  return out;
}

// The current version's answers; one that it cannot give is no measure for another.
std::vector<XYData> answers(const VersionSnapshot& current, const Samples& samples) {
  std::vector<XYData> out;
  if (!current || !current->pipeline) return out;
  try {
    for (const auto& sample : samples) out.push_back(current->pipeline->predict(*sample));
  } catch (const Error&) {
    out.clear();
  }
  return out;
}

}  // namespace

Candidate::Candidate(const Container& container, ResolvedConfig resolved, std::uint64_t number)
    : container_(container), resolved_(std::move(resolved)), number_(number) {}

void Candidate::advance(const CandidateTest& test) {
  switch (state_) {
    case VersionState::kFound:
      reject_for_verdict("fetch", [&] { fetch(); });
      state_ = VersionState::kFetched;
      return;
    case VersionState::kFetched:
      reject_for_verdict("gate", [&] { check(); });
      state_ = VersionState::kChecked;
      return;
    case VersionState::kChecked:
      try_out(test);
      return;
    case VersionState::kTried:
      reject_for_verdict("here", [&] { build(test); });
      state_ = VersionState::kWarm;
      return;
    default:
      return;
  }
}

void Candidate::fetch() const {
  const std::vector<ClassVersion>& classes = resolved_.classes;
  const auto fetch_class = [&](std::size_t i) {
    if (classes[i].hash) container_.pcm.fetch(classes[i].name, *classes[i].hash);
  };
  const std::shared_ptr<BaseStorage> storage = container_.pcm.storage_handle();
  const ThreadUse threads = binaries_from(storage.get());
  concurrently(classes.size(), fetch_class, threads);
  const auto fetch_state = [&](std::size_t i) {
    container_.pcm.recover_state(resolved_.states[i].first, resolved_.states[i].second);
  };
  concurrently(resolved_.states.size(), fetch_state, threads);
}

void Candidate::check() const {
  for (const ClassVersion& version : resolved_.classes) {
    if (version.hash) container_.pcm.require_loadable(version.name, *version.hash);
  }
}

void Candidate::try_out(const CandidateTest& test) {
  const TrialReport report = test.trial->run({.config = resolved_.text,
                                              .cache = container_.pcm.cache().describe(),
                                              .samples = clones(test.samples),
                                              .expected = answers(test.current, test.samples),
                                              .answer_rules = test.answer_rules},
                                             stop_.get_token());
  if (report.cancelled || is_cancelled()) return;
  if (!report.passed) {
    throw CandidateRejected("trial/" + std::string(to_string(report.phase)),
                            "trial: " + report.reason, std::nullopt);
  }
  state_ = VersionState::kTried;
}

// What was done in the trial, and went well, is done here: the first answers of a version are slower
// than the others, and are given to nobody.
void Candidate::build(const CandidateTest& test) {
  VersionSnapshot version = Live<LiveVersion>::make();
  version->number = number_;
  version->resolved = resolved_;
  version->pipeline =
      build_from_dump(resolved_.config, container_, {.source = "candidate", .host = nullptr});
  for (const auto& sample : test.samples) version->pipeline->predict(*sample);
  version_ = std::move(version);
}

}  // namespace pet
