#include "storage/chain_storage.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

using Clock = std::chrono::steady_clock;

// What an error says, and the next steps below it.
std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}
std::string further_lines(std::string_view text) {
  return std::string(text.substr(std::min(text.find('\n'), text.size())));
}

}  // namespace

struct ChainStorage::Member {
  explicit Member(std::shared_ptr<BaseStorage> of) : storage(std::move(of)) {}

  const std::shared_ptr<BaseStorage> storage;

  // Why it is not asked now; empty when it may be.
  std::string resting() {
    const std::lock_guard lock(mutex);
    return Clock::now() < rests_until ? rests_because : std::string();
  }

  void rest(std::chrono::milliseconds duration, std::string why) {
    const std::lock_guard lock(mutex);
    rests_until = Clock::now() + duration;
    rests_because = std::move(why);
  }

 private:
  std::mutex mutex;
  Clock::time_point rests_until;
  std::string rests_because;
};

// One member's: the bytes, or an error, or neither: absent.
struct ChainStorage::Answer {
  std::optional<std::string> bytes;
  std::optional<Error> error;
};

ChainStorage::ChainStorage(std::vector<std::shared_ptr<BaseStorage>> members, ChainOptions options)
    : options_(std::move(options)) {
  if (members.size() < 2) {
    throw Error(ErrorCode::kUsage,
                "a chain has " + std::to_string(members.size()) +
                    " storages, at least two were expected: give those to be asked in order, the "
                    "authority last");
  }
  if (!options_.layout.is_immutable || !options_.layout.fault_of) {
    throw Error(ErrorCode::kUsage,
                "a chain does not know which objects never change: open it with "
                "open_plugin_storage (core/registry/open_plugin_storage.hpp), or give it a layout");
  }
  for (std::shared_ptr<BaseStorage>& member : members) {
    if (member == nullptr) throw Error(ErrorCode::kUsage, "a storage of a chain is null");
    members_.push_back(std::make_unique<Member>(std::move(member)));
  }
}

ChainStorage::~ChainStorage() = default;

BaseStorage& ChainStorage::authority() const { return *members_.back()->storage; }

void ChainStorage::ensure_exists() { authority().ensure_exists(); }

std::string ChainStorage::describe() const {
  std::string text = "chain:";
  for (const auto& member : members_) {
    if (member != members_.front()) text += "|";
    text += member->storage->describe();
  }
  return text;
}

Capabilities ChainStorage::capabilities() const { return authority().capabilities(); }

// --- what never changes: from any member ---

void ChainStorage::report(const Member& member, std::string_view key,
                          const std::string& reason) const {
  if (options_.report) {
    options_.report({member.storage->describe(), std::string(key), reason});
  }
}

ChainStorage::Answer ChainStorage::ask(Member& member, std::string_view key,
                                       std::uint64_t max_size) const {
  const Error::Subject subject{.class_name = {}, .hash = {}, .key = std::string(key)};
  if (const std::string why = member.resting(); !why.empty()) {
    return {{}, Error(ErrorCode::kStorageUnreachable, "not asked again so soon: " + why, subject)};
  }
  try {
    std::optional<std::string> bytes = member.storage->get(key, max_size);
    if (!bytes) return {};
    const std::string fault = options_.layout.fault_of(key, *bytes);
    if (fault.empty()) return {std::move(bytes), {}};
    report(member, key, fault);
    return {{}, Error(ErrorCode::kCorrupt, fault, subject)};
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kStorageUnreachable) member.rest(options_.rest, error.what());
    report(member, key, error.what());
    return {{}, error};
  }
}

std::optional<std::string> ChainStorage::do_get(std::string_view key,
                                                std::uint64_t max_size) const {
  if (!options_.layout.is_immutable(key)) return authority().get(key, max_size);
  std::string said;
  for (const auto& member : members_) {
    Answer answer = ask(*member, key, max_size);
    if (answer.bytes) return std::move(answer.bytes);
    const bool is_last = member == members_.back();
    if (is_last && !answer.error) return std::nullopt;
    said += (said.empty() ? "" : "; ") + member->storage->describe() +
            (is_last ? " (the authority): " : ": ") +
            (answer.error ? first_line(answer.error->what()) : "does not have it");
    if (!is_last) continue;
    const bool damaged = answer.error->code() == ErrorCode::kCorrupt;
    throw Error(answer.error->code(),
                pet::quoted(key) + " cannot be had from any storage of a chain: " + said +
                    (damaged ? ": restore it in the authority from a copy, or remove it there and "
                               "push or save it again"
                             : "") +
                    further_lines(answer.error->what()),
                {.class_name = {}, .hash = {}, .key = std::string(key)});
  }
  return std::nullopt;  // (there is a last member)
}

// --- everything else: the authority ---

std::optional<std::string> ChainStorage::do_get_range(std::string_view key, std::uint64_t offset,
                                                      std::uint64_t length) const {
  return authority().get_range(key, offset, length);
}

void ChainStorage::do_put(std::string_view key, std::string_view bytes) {
  authority().put(key, bytes);
}

bool ChainStorage::do_put_if_absent(std::string_view key, std::string_view bytes) {
  return authority().put_if_absent(key, bytes);
}

std::vector<PutOutcome> ChainStorage::do_put_many(std::span<const PutItem> items) {
  return authority().put_many(items);
}

std::optional<ObjectInfo> ChainStorage::do_head(std::string_view key) const {
  return authority().head(key);
}

std::vector<std::string> ChainStorage::do_list(std::string_view prefix,
                                               std::string_view start_after,
                                               std::size_t limit) const {
  return authority().list(prefix, start_after, limit);
}

bool ChainStorage::do_remove(std::string_view key) { return authority().remove(key); }

}  // namespace pet
