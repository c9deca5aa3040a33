#include "tools/petserve/model_history.hpp"

#include <utility>

namespace pet::tools {
namespace {

ModelHistory::Latency latency_of(const CallCounts& calls) {
  return {calls.calls, calls.quantile(0.5), calls.quantile(0.99)};
}

}  // namespace

std::string_view to_string(ModelHistory::MoveKind kind) noexcept {
  switch (kind) {
    case ModelHistory::MoveKind::kSwap:
      return "swap";
    case ModelHistory::MoveKind::kRollback:
      return "rollback";
    case ModelHistory::MoveKind::kRejection:
      return "rejection";
  }
  return "unknown";
}

void ModelHistory::close_last(const CallCounts& counts) {
  if (entries_.empty() || !entries_.back().is_open) return;
  entries_.back().move.after = latency_of(counts - entries_.back().at);
}

void ModelHistory::tick(Time now, const CallCounts& counts) {
  const std::lock_guard lock(mutex_);
  samples_.push_back({now, counts});
  while (samples_.size() > kSeconds + 1) samples_.pop_front();
  close_last(counts);
  if (!entries_.empty() && now - entries_.back().move.time >= kAround) {
    entries_.back().is_open = false;
  }
}

void ModelHistory::add(MoveKind kind, const LiveEvent& event, const CallCounts& counts) {
  const std::lock_guard lock(mutex_);
  close_last(counts);
  if (!entries_.empty()) entries_.back().is_open = false;
  CallCounts since;
  for (const Sample& sample : samples_) {
    since = sample.counts;
    if (event.time - sample.time <= kAround) break;
  }
  entries_.push_back(
      {{event.time, kind, event.version, event.text, latency_of(counts - since), {}}, counts});
  if (entries_.size() > kMoves) entries_.pop_front();
}

std::vector<ModelHistory::Move> ModelHistory::moves() const {
  const std::lock_guard lock(mutex_);
  std::vector<Move> moves;
  for (const Entry& entry : entries_) moves.push_back(entry.move);
  return moves;
}

std::vector<ModelHistory::Second> ModelHistory::seconds() const {
  const std::lock_guard lock(mutex_);
  std::vector<Second> seconds;
  for (std::size_t i = 1; i < samples_.size(); ++i) {
    const CallCounts calls = samples_[i].counts - samples_[i - 1].counts;
    seconds.push_back({latency_of(calls), calls.failures});
  }
  return seconds;
}

ModelHistory::Latency ModelHistory::recent() const {
  const std::lock_guard lock(mutex_);
  if (samples_.size() < 2) return {};
  return latency_of(samples_.back().counts - samples_.front().counts);
}

}  // namespace pet::tools
