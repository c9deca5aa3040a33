#include "core/live/rejections.hpp"

#include <algorithm>
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
constexpr std::size_t kMaxBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxReason = std::size_t{8} << 10;

std::string key_of(const Hash& hash) {
  return std::string(kFolder) + hash.hex() + std::string(kSuffix);
}

std::optional<Hash> hash_in(std::string_view key) {
  if (!key.starts_with(kFolder) || !key.ends_with(kSuffix)) return std::nullopt;
  key.remove_prefix(kFolder.size());
  key.remove_suffix(kSuffix.size());
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

Rejection read(const BaseStorage& storage, const std::string& key, const Hash& hash) {
  Rejection rejection{.hash = hash, .class_name = {}, .reason = {}, .time = {}, .pipeline = {}};
  try {
    const std::optional<std::string> bytes = storage.get(key, kMaxBytes);
    const ParamValue value = parse_json(bytes.value_or(""), {.source = key});
    rejection.class_name = value.as_object().at("class_name").as_text();
    rejection.reason = value.as_object().at("reason").as_text();
    rejection.time = value.as_object().at("time").as_text();
    rejection.pipeline = value.as_object().at("pipeline").as_text();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kStorageUnreachable) throw;
    rejection.reason = std::string("rejected; why cannot be read any more: ") + error.what();
  }
  return rejection;
}

}  // namespace

Rejections::Rejections(std::shared_ptr<BaseStorage> storage) : storage_(std::move(storage)) {
  if (storage_ != nullptr) storage_->ensure_exists();
}

// REQUIRES: mutex_. What other services reject meanwhile is theirs to find out, and ours at the next
// start.
void Rejections::read_all() const {
  if (is_read_ || storage_ == nullptr) return;
  for (const std::string& key : storage_->list(kFolder)) {
    if (const std::optional<Hash> hash = hash_in(key)) {
      known_.try_emplace(*hash, read(*storage_, key, *hash));
    }
  }
  is_read_ = true;
}

bool Rejections::add(const Rejection& rejection) {
  {
    // In memory first: where it cannot be kept, it holds at least here.
    const std::lock_guard lock(mutex_);
    const bool is_new = known_.try_emplace(rejection.hash, rejection).second;
    if (!is_new || storage_ == nullptr) return is_new;
  }
  // Without the lock: who asks what is rejected waits for no storage that is slow to write.
  return storage_->put_if_absent(key_of(rejection.hash), to_text(rejection));
}

std::optional<Rejection> Rejections::find(const Hash& hash) const {
  const std::lock_guard lock(mutex_);
  read_all();
  const auto found = known_.find(hash);
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Rejection> Rejections::all() const {
  const std::lock_guard lock(mutex_);
  read_all();
  std::vector<Rejection> all;
  for (const auto& [hash, rejection] : known_) all.push_back(rejection);
  std::ranges::stable_sort(all, std::ranges::greater{}, &Rejection::time);
  return all;
}

bool Rejections::forgive(const Hash& hash) {
  const std::lock_guard lock(mutex_);
  read_all();
  const bool was_rejected = known_.erase(hash) > 0;
  if (was_rejected && storage_ != nullptr) storage_->remove(key_of(hash));
  return was_rejected;
}

}  // namespace pet
