#include "core/live/draining.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/loader/loader.hpp"

namespace pet {

void Draining::add(VersionSnapshot version, Time now) {
  if (!version || !version->pipeline) return;
  events_.add({now, LiveEventKind::kState, VersionState::kDraining, version->number, {}});
  const std::lock_guard lock(mutex_);
  entries_.push_back({std::move(version), now});
}

std::vector<Draining::Waiting> Draining::waiting() const {
  const std::lock_guard lock(mutex_);
  std::vector<Waiting> waiting;
  for (const Entry& entry : entries_) {
    waiting.push_back({entry.version->number, entry.version.users(), entry.since});
  }
  return waiting;
}

bool Draining::is_empty() const {
  const std::lock_guard lock(mutex_);
  return entries_.empty();
}

bool Draining::reap(Time now) {
  std::vector<Entry> unused;
  {
    const std::lock_guard lock(mutex_);
    const auto first = std::stable_partition(entries_.begin(), entries_.end(),
                                             [](const Entry& e) { return e.version.users() > 0; });
    std::move(first, entries_.end(), std::back_inserter(unused));
    entries_.erase(first, entries_.end());
  }
  for (Entry& entry : unused) destroy(std::move(entry), now);
  return !unused.empty();
}

// Outside the lock: the plugins' own code runs, and dlclose.
void Draining::destroy(Entry entry, Time now) {
  const std::uint64_t number = entry.version->number;
  const std::vector<ClassVersion> classes = entry.version->resolved.classes;
  entry.version = {};
  for (const Loader::Stuck& stuck : Loader::process().stuck()) {
    const auto is_it = [&](const ClassVersion& version) { return version.hash == stuck.hash; };
    if (std::ranges::none_of(classes, is_it)) continue;
    events_.add(
        {now, LiveEventKind::kResident, VersionState::kUnloaded, number,
         stuck.class_name + " " + stuck.hash.short_hex() + " stays in memory: " + stuck.cause});
  }
  events_.add({now, LiveEventKind::kState, VersionState::kUnloaded, number, {}});
}

}  // namespace pet
