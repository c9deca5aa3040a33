#include "core/live/rejections.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "core/live/trial_frame.hpp"
#include "core/loader/param_value.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/base_storage.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

constexpr std::string_view kFolder = "rejected/";
constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kForgiven = ".forgiven";
constexpr std::string_view kTime = "nanoseconds";  // since 1970, in a mark
constexpr std::size_t kMaxBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxReason = std::size_t{8} << 10;

std::string key_of(const Hash& hash, std::string_view suffix = kSuffix) {
  return std::string(kFolder) + hash.hex() + std::string(suffix);
}

std::optional<Hash> hash_in(std::string_view key, std::string_view suffix = kSuffix) {
  if (!key.starts_with(kFolder) || !key.ends_with(suffix)) return std::nullopt;
  key.remove_prefix(kFolder.size());
  key.remove_suffix(suffix.size());
  return Hash::parse(key);
}

std::string to_text(const Rejection& rejection) {
  return to_json(ParamObject{{"hash", rejection.hash.hex()},
                             {"class_name", rejection.class_name},
                             {"reason", trial::printable(rejection.reason, kMaxReason)},
                             {"time", rejection.time},
                             {"pipeline", rejection.pipeline}},
                 1);
}

// Nothing: it has gone meanwhile. One object that cannot be read shall not hide the others, nor that it is
// there: it rejects.
std::optional<Rejection> read(const BaseStorage& storage, const std::string& key,
                              const Hash& hash) {
  Rejection rejection{.hash = hash, .class_name = {}, .reason = {}, .time = {}, .pipeline = {}};
  try {
    const std::optional<std::string> bytes = storage.get(key, kMaxBytes);
    if (!bytes) return std::nullopt;
    const ParamValue value = parse_json(*bytes, {.source = key});
    rejection.class_name = value.as_object().at("class_name").as_text();
    rejection.reason = value.as_object().at("reason").as_text();
    rejection.time = value.as_object().at("time").as_text();
    rejection.pipeline = value.as_object().at("pipeline").as_text();
  } catch (const Error& error) {
    rejection.reason = std::string("rejected; why cannot be read any more: ") + error.what();
  }
  return rejection;
}

// One that cannot be read is as old as can be.
std::int64_t time_of_mark(const BaseStorage& storage, const std::string& key) {
  try {
    const std::optional<std::string> bytes = storage.get(key, kMaxBytes);
    return bytes ? parse_json(*bytes, {.source = key}).as_object().at(kTime).as_int64() : 0;
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace

Rejections::Rejections(std::shared_ptr<BaseStorage> storage, std::size_t most)
    : storage_(std::move(storage)), most_(most) {
  if (storage_ != nullptr) storage_->ensure_exists();
}

// REQUIRES: mutex_. What other services reject meanwhile is theirs to find out, and ours at the next
// start.
void Rejections::read_all() const {
  if (is_read_ || storage_ == nullptr) return;
  for (const std::string& key : storage_->list(kFolder)) {
    const std::optional<Hash> hash = hash_in(key);
    if (!hash) continue;
    if (const std::optional<Rejection> rejection = read(*storage_, key, *hash)) {
      known_.try_emplace(*hash, Known{.rejection = *rejection, .is_kept = true});
    }
  }
  is_read_ = true;
}

bool Rejections::add(const Rejection& rejection) {
  const Hash& hash = rejection.hash;
  Rejection first = rejection;
  bool was_known = false;
  {
    // In memory first: where it cannot be kept, it holds at least here.
    const std::lock_guard lock(mutex_);
    const auto [known, is_new] = known_.try_emplace(hash, Known{.rejection = rejection});
    if (!is_new && (known->second.is_kept || storage_ == nullptr)) return false;
    first = known->second.rejection;
    was_known = !is_new;
  }
  if (storage_ == nullptr) {
    drop_surplus(hash);
    return true;
  }
  // Without the lock: who asks what is rejected waits for no storage that is slow to write.
  discard(key_of(hash, kForgiven));  // of a time before; one that is made from now on is of this
  const bool is_first = storage_->put_if_absent(key_of(hash), to_text(first)) && !was_known;
  {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(hash);
    if (known == known_.end()) {  // forgiven while it was written
      discard(key_of(hash));
      return is_first;
    }
    known->second.is_kept = true;
  }
  drop_surplus(hash);
  return is_first;
}

// What cannot be removed may be at the next time: nothing is wrong because it is there still.
bool Rejections::discard(const std::string& key) {
  try {
    storage_->remove(key);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// What cannot be removed stays known: it is there, and would be after a restart.
void Rejections::drop_surplus(const Hash& newest) {
  for (const Hash& hash : surplus(newest)) {
    if (storage_ != nullptr && !discard(key_of(hash))) continue;
    const std::lock_guard lock(mutex_);
    known_.erase(hash);
  }
}

// The oldest of those that nobody asked for, as many as are too many.
std::vector<Hash> Rejections::surplus(const Hash& newest) const {
  const std::lock_guard lock(mutex_);
  std::vector<Hash> surplus;
  if (known_.size() <= most_) return surplus;
  for (const auto& [hash, known] : known_) {
    if (!known.is_named && hash != newest) surplus.push_back(hash);
  }
  const auto time_of = [&](const Hash& hash) { return known_.find(hash)->second.rejection.time; };
  std::ranges::stable_sort(surplus, std::ranges::less{}, time_of);
  const std::size_t count = std::min(surplus.size(), known_.size() - most_);
  surplus.erase(surplus.begin() + static_cast<std::ptrdiff_t>(count), surplus.end());
  return surplus;
}

std::optional<Rejection> Rejections::find(const Hash& hash) const {
  const std::lock_guard lock(mutex_);
  read_all();
  const auto found = known_.find(hash);
  if (found == known_.end()) return std::nullopt;
  found->second.is_named = true;
  return found->second.rejection;
}

std::vector<Rejection> Rejections::all() const {
  const std::lock_guard lock(mutex_);
  read_all();
  std::vector<Rejection> all;
  for (const auto& [hash, known] : known_) all.push_back(known.rejection);
  std::ranges::stable_sort(all, std::ranges::greater{}, &Rejection::time);
  return all;
}

bool Rejections::forgive(const Hash& hash) {
  const std::lock_guard lock(mutex_);
  read_all();
  const auto known = known_.find(hash);
  if (known == known_.end()) return false;
  if (storage_ != nullptr) {
    if (known->second.is_kept) mark_forgiven(hash);
    try {
      storage_->remove(key_of(hash));
    } catch (const Error&) {
      discard(key_of(hash, kForgiven));
      throw;
    }
  }
  known_.erase(known);
  ++forgiven_;
  return true;
}

// Before the object goes: who finds it gone finds this. Where it cannot be written the object goes all the same, as
// on a disk that is full.
void Rejections::mark_forgiven(const Hash& hash) {
  const auto time = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t nanoseconds = std::chrono::nanoseconds(time).count();
  try {
    storage_->put(key_of(hash, kForgiven),
                  to_json(ParamObject{{std::string(kTime), nanoseconds}}, 1));
    drop_old_marks();
  } catch (const Error&) {
  }
}

// Which all have long seen.
void Rejections::drop_old_marks() {
  std::vector<std::string> marks;
  for (std::string& key : storage_->list(kFolder)) {
    if (hash_in(key, kForgiven)) marks.push_back(std::move(key));
  }
  if (marks.size() <= most_) return;
  std::vector<std::pair<std::int64_t, std::string>> by_age;
  for (std::string& key : marks) by_age.emplace_back(time_of_mark(*storage_, key), std::move(key));
  std::ranges::sort(by_age);
  for (std::size_t i = 0; i + most_ < by_age.size(); ++i) discard(by_age[i].second);
}

std::uint64_t Rejections::look_again() {
  std::vector<Hash> kept;  // before the look: what is rejected while it lasts is not gone
  {
    const std::lock_guard lock(mutex_);
    read_all();
    for (const auto& [hash, known] : known_) {
      if (known.is_kept) kept.push_back(hash);
    }
    if (kept.empty()) return forgiven_;
  }
  std::set<Hash> there;
  std::set<Hash> forgiven;
  for (const std::string& key : storage_->list(kFolder)) {
    if (const std::optional<Hash> hash = hash_in(key)) there.insert(*hash);
    if (const std::optional<Hash> hash = hash_in(key, kForgiven)) forgiven.insert(*hash);
  }
  const std::lock_guard lock(mutex_);
  for (const Hash& hash : kept) {
    if (!there.contains(hash) && forgiven.contains(hash)) forgiven_ += known_.erase(hash);
  }
  return forgiven_;
}

}  // namespace pet
