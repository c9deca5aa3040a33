// The part of LiveWork that looks for moves.
#include <algorithm>
#include <utility>

#include "core/concurrently.hpp"
#include "core/factory/container.hpp"
#include "core/live/live_work.hpp"
#include "core/registry/keys.hpp"
#include "storage/ascii.hpp"
#include "storage/base_storage.hpp"
#include "storage/error.hpp"

namespace pet {

// Before anything is looked at, so that what changes meanwhile is heard of: the config's file, and where the
// logs are on this machine the directories that get a file with each move.
void LiveWork::listen() {
  std::vector<FileEvents::Place> places;
  if (!source_.file().empty()) places.push_back({FileEvents::Kind::kFile, source_.file()});
  const std::shared_ptr<BaseStorage> storage = container_.pcm.storage_handle();
  if (config_ && storage != nullptr) {
    for (const std::string& name : config_->followed()) {
      const std::string folder = storage->local_directory(log_prefix(name));
      if (!folder.empty()) places.push_back({FileEvents::Kind::kFolder, folder});
    }
  }
  file_events_.listen(places);
}

bool LiveWork::poll() {
  const std::lock_guard lock(poll_mutex_);
  std::string problem;
  try {
    listen();
    read_config();
  } catch (const std::exception& error) {
    problem = error.what();  // the config before stays in force, and is followed
  }
  bool is_answered = true;
  try {
    for (const std::string& news : {look_for_forgiven(), look_for_absent()}) {
      if (problem.empty()) problem = news;
    }
    choose_versions();
    if (config_ && !resolved_) resolved_ = config_->resolve(choices_);
    if (resolved_) propose(*resolved_);
  } catch (const std::exception& error) {
    is_answered = false;
    if (problem.empty()) problem = error.what();
  }
  bool is_new = false;
  {
    const std::lock_guard state_lock(mutex_);
    ++polls_;
    is_new = problem != poll_problem_;
    poll_problem_ = problem;
  }
  if (is_new && !problem.empty()) {
    report(LiveEventKind::kProblem, VersionState::kFound, 0, first_line(problem));
  }
  return is_answered;
}

// What is wrong with a config is thrown at each poll, until it changes.
void LiveWork::read_config() {
  if (std::optional<ParamObject> changed = source_.changed()) unread_ = std::move(changed);
  if (unread_) {
    config_problem_ = std::nullopt;
    try {
      config_ = LiveConfig(*unread_, {.source = source_.describe(), .follow = options_.follow});
      resolved_.reset();
      listen();
      // Of another config nobody knows yet what is wrong with it.
      const std::lock_guard lock(mutex_);
      clear_suspects();
    } catch (const Error& error) {
      config_problem_ = error;
    }
    unread_.reset();
  }
  if (config_problem_) throw Error(*config_problem_);
}

// What was forgiven may be the newest that is good.
std::string LiveWork::look_for_forgiven() {
  std::uint64_t forgiven = 0;
  try {
    forgiven = options_.rejections->look_again();
  } catch (const Error& error) {
    return std::string("what is forgiven cannot be found out: ") + error.what();
  }
  const std::lock_guard lock(mutex_);
  if (forgiven == forgiven_) return {};
  forgiven_ = forgiven;
  clear_suspects();
  bad_configs_.clear();
  for (const auto& [name, version] : choices_) stale_.insert(name);
  return {};
}

// What is there now is chosen again; what is not is said.
std::string LiveWork::look_for_absent() {
  std::map<Hash, ClassVersion> absent;
  {
    const std::lock_guard lock(mutex_);
    absent = absent_;
  }
  std::string text;
  for (const auto& [hash, version] : absent) {
    const bool is_followed = config_ && std::ranges::count(config_->followed(), version.name) > 0;
    try {
      if (is_followed) container_.pcm.fetch(version.name, hash);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kVersionNotFound) {
        text = version.shown() + " is named by the log of " + version.name + ", but not in " +
               container_.pcm.storage() +
               ": until it is, the newest that is there counts\n  try: push it again, or petctl "
               "rollback " +
               version.name;
        continue;
      }
      if (error.code() != ErrorCode::kCorrupt) throw;
    }
    const std::lock_guard lock(mutex_);
    absent_.erase(hash);
    stale_.insert(version.name);
  }
  return text;
}

void LiveWork::choose_versions() {
  if (!config_) return;
  std::set<std::string, std::less<>> stale;
  std::optional<ClassVersion> accused;
  {
    const std::lock_guard lock(mutex_);
    if (suspects_.accused() != nullptr) accused = *suspects_.accused();
    stale.swap(stale_);
  }
  const std::vector<std::string>& followed = config_->followed();
  try {
    std::vector<std::optional<ClassVersion>> chosen(followed.size());
    concurrently(followed.size(), [&](std::size_t i) {
      chosen[i] = choose(followed[i], stale.contains(followed[i]), accused);
    });
    for (std::size_t i = 0; i < followed.size(); ++i) {
      if (!chosen[i]) continue;
      resolved_.reset();
      choices_.insert_or_assign(followed[i], *std::move(chosen[i]));
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    stale_.merge(stale);  // to be chosen still
    throw;
  }
}

// Nothing: as it was.
std::optional<ClassVersion> LiveWork::choose(const std::string& name, bool must_choose,
                                             const std::optional<ClassVersion>& accused) {
  const auto known = choices_.find(name);
  if (known == choices_.end()) return choose_but(name);
  if (chooser_.may_have_moved(known->second)) {
    // What is suspected may not be what is there now; and what was bad, and is named again by somebody
    // who may have had it forgiven, is tried again. What was missing is the newest no more.
    const std::lock_guard lock(mutex_);
    clear_suspects();
    bad_configs_.clear();
    std::erase_if(absent_, [&](const auto& absent) { return absent.second.name == name; });
  } else if (!must_choose) {
    return std::nullopt;
  } else if (accused && accused->name == name) {
    try {
      return choose_but(name, accused->hash);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kVersionNotFound) throw;
      // It is the only one: the next suspect's turn, with this one as it is.
      {
        const std::lock_guard lock(mutex_);
        for (const ClassVersion& suspect : suspects_.all()) stale_.insert(suspect.name);
        if (!suspects_.next()) suspects_.clear();
      }
      if (on_stale) on_stale();
    }
  }
  return choose_but(name);
}

ClassVersion LiveWork::choose_but(const std::string& name,
                                  const std::optional<Hash>& but_not) const {
  std::set<Hash> out;
  if (but_not) out.insert(*but_not);
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [hash, version] : absent_) out.insert(hash);
  }
  return chooser_.choose(name, out);
}

void LiveWork::propose(const ResolvedConfig& resolved) {
  {
    const std::lock_guard lock(mutex_);
    const bool is_current = promoted_ && promoted_->resolved.id == resolved.id;
    if (candidate_ != nullptr) {
      if (candidate_->resolved().id == resolved.id) return;
      candidate_->cancel();
      candidate_.reset();
      candidate_problem_.clear();
    }
    if (is_current || bad_configs_.contains(resolved.id)) return;
    candidate_ = std::make_shared<Candidate>(container_, resolved, ++last_number_);
    candidate_due_ = steady_now();
    candidate_failures_ = 0;
  }
  const auto moved = [&] {
    const std::lock_guard lock(mutex_);
    return candidate_ == nullptr
               ? std::pair<std::uint64_t, std::string>()
               : std::pair(candidate_->number(),
                           shown(moved_classes(promoted_ ? &promoted_->resolved : nullptr,
                                               candidate_->resolved())));
  }();
  report(LiveEventKind::kState, VersionState::kFound, moved.first, moved.second);
  if (on_candidate) on_candidate();
}

}  // namespace pet
