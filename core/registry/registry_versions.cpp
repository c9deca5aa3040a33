// What a storage has: the classes, the versions of one, also where a log is damaged or has gaps.
#include <algorithm>
#include <atomic>
#include <set>

#include "core/artifact/class_name.hpp"
#include "core/concurrently.hpp"
#include "core/registry/keys.hpp"
#include "core/registry/registry.hpp"
#include "core/registry/stored_json.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

constexpr std::size_t kPage = 1000;

// The classes that keys, listed in their order, belong to.
class ClassNames {
 public:
  void add(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      const std::optional<std::string_view> name = class_of(key);
      if (!name || seen_ == *name) continue;
      seen_ = *name;
      // States come last: a class whose first object is one has nothing else.
      if (!is_state(key, *name)) names_.emplace_back(*name);
    }
  }
  std::vector<std::string> take() { return std::move(names_); }

 private:
  std::string seen_;
  std::vector<std::string> names_;
};

}  // namespace

std::vector<StoredVersion> Registry::versions(std::string_view class_name,
                                              std::string_view platform) const {
  const std::vector<LogEntry> log = intact_log(class_name);
  const bool can_list = storage_->capabilities().list;
  std::set<Hash> stored;
  if (can_list) stored = stored_hashes(class_name);

  std::vector<StoredVersion> versions;
  std::set<Hash> logged;
  for (const LogEntry& entry : log) {
    for (const auto& [name, file] : entry.release) {
      if (!logged.insert(file.hash).second) continue;
      versions.push_back({file.hash, name, entry.number, !can_list || stored.contains(file.hash)});
    }
  }
  for (const Hash& hash : stored) {
    if (logged.contains(hash)) continue;
    versions.push_back({hash, platform_of_unlogged(class_name, hash), std::nullopt});
  }
  std::erase_if(versions, [platform](const StoredVersion& version) {
    return !platform.empty() && !version.platform.empty() && version.platform != platform;
  });
  return versions;
}

// Of the binaries. A hash begins with a digit or one of a to f: what is listed after these, "log/" and
// "state/", may be many, and is left alone.
std::set<Hash> Registry::stored_hashes(std::string_view class_name) const {
  const std::string prefix = class_prefix(class_name);
  std::set<Hash> hashes;
  std::string after;
  while (true) {
    const std::vector<std::string> keys = storage_->list(prefix, after, kPage);
    for (const std::string& key : keys) {
      if (const std::optional<Hash> hash = binary_hash(key, class_name)) hashes.insert(*hash);
    }
    if (keys.size() < kPage || keys.back().substr(prefix.size()) >= "g") return hashes;
    after = keys.back();
  }
}

// The entries that can be read, newest first; the others are reported. Numbers come from names that
// anybody may have put there, so the work is measured by the entries that are there, never by them.
std::vector<LogEntry> Registry::intact_log(std::string_view class_name) const {
  std::vector<std::uint64_t> listed;
  std::uint64_t last = 0;
  if (storage_->capabilities().list) {
    require_class_name(class_name);
    for (const std::string& key : storage_->list(log_prefix(class_name))) {
      if (const auto number = log_number(key, class_name)) listed.push_back(*number);
    }
    last = remembered(class_name);
    if (!listed.empty()) last = std::max(last, listed.back());
  } else {
    last = newest_number(class_name);
  }
  Entries there;
  read_there(class_name, listed, there);
  // What was not listed may have come since. Whatever is missing ends the search from its side.
  for (const Gap& gap : gaps_of(there, last)) {
    read_until_missing(class_name, gap.first, gap.last, there);
    read_until_missing(class_name, gap.last, gap.first, there);
  }
  for (const Gap& gap : gaps_of(there, last)) report_gap(class_name, gap);

  std::vector<LogEntry> entries;
  for (auto entry = there.rbegin(); entry != there.rend(); ++entry) {
    if (entry->second) entries.push_back(*std::move(entry->second));
  }
  return entries;
}

// Adds those of the entries that are there to `there`, the damaged ones without their content.
// Returns whether all were.
bool Registry::read_there(std::string_view class_name, const std::vector<std::uint64_t>& numbers,
                          Entries& there) const {
  std::mutex mutex;
  std::atomic<bool> all = true;
  const auto read = [&](std::size_t i) {
    std::optional<LogEntry> entry;
    try {
      std::optional<Document> document = read_entry(class_name, numbers[i]);
      if (!document) {
        all = false;
        return;
      }
      entry = std::move(document->entry);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt) throw;
      report_damage(class_name, error.what());
    }
    const std::lock_guard lock(mutex);
    there.emplace(numbers[i], std::move(entry));
  };
  concurrently(numbers.size(), read, requests_to(*storage_));
  return all;
}

// Entries `from`… `to`, in either direction, in pages of 1, 2, 4… up to the first page in which one is
// missing.
void Registry::read_until_missing(std::string_view class_name, std::uint64_t from, std::uint64_t to,
                                  Entries& there) const {
  const bool up = from <= to;
  std::uint64_t left = (up ? to - from : from - to) + 1;
  for (std::uint64_t page = 1; left > 0; page = std::min<std::uint64_t>(2 * page, kPage)) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t i = std::min(page, left); i > 0; --i, --left) {
      if (!there.contains(from)) numbers.push_back(from);
      up ? ++from : --from;
    }
    if (!read_there(class_name, numbers, there)) return;
  }
}

std::vector<Registry::Gap> Registry::gaps_of(const Entries& there, std::uint64_t last) {
  std::vector<Gap> gaps;
  std::uint64_t next = 1;
  for (const auto& [number, entry] : there) {
    if (number > next) gaps.push_back({next, number - 1});
    next = number + 1;
  }
  if (next <= last) gaps.push_back({next, last});
  return gaps;
}

void Registry::report_gap(std::string_view class_name, const Gap& gap) const {
  const bool one = gap.first == gap.last;
  report_damage(
      class_name,
      (one ? "log entry " + std::to_string(gap.first)
           : "log entries " + std::to_string(gap.first) + " to " + std::to_string(gap.last)) +
          " of " + std::string(class_name) + (one ? " is" : " are") + " missing from " +
          storage_->describe() +
          ", though a later one is or was there, and entries are never deleted: restore " +
          pet::quoted(log_key(class_name, gap.first)) + (one ? "" : " and the others") +
          " from a copy of the storage, or remove what lies above if it is no entry");
}

// What the facts beside the binary say; nothing when they are missing or damaged, since they are
// advisory.
std::string Registry::platform_of_unlogged(std::string_view class_name, const Hash& hash) const {
  const std::string key = facts_key(class_name, hash);
  try {
    const std::optional<std::string> facts = storage_->get(key, kMaxLogEntryBytes);
    if (!facts) return {};
    const StoredJson document(*facts, key, kMaxLogEntryBytes);
    return document.text(document.root(), "platform");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorrupt) throw;
    report_damage(class_name, error.what());
    return {};
  }
}

std::vector<std::string> Registry::class_names() const {
  ClassNames names;
  std::string after;
  while (true) {
    const std::vector<std::string> keys = storage_->list(kClassesPrefix, after, kPage);
    names.add(keys);
    if (keys.size() < kPage) break;
    // The rest of the class that the page ended in is passed over: '0' follows '/'.
    const std::optional<std::string_view> last = class_of(keys.back());
    after = last ? std::string(kClassesPrefix) + std::string(*last) + "0" : keys.back();
  }
  return names.take();
}

std::vector<std::string> Registry::similar_names(std::string_view class_name) const {
  if (!storage_->capabilities().list) return {};
  ClassNames names;
  names.add(storage_->list(std::string(kClassesPrefix).append(class_name.substr(0, 2)), {}, kPage));
  return names.take();
}

std::vector<StoredClass> Registry::classes() const {
  std::vector<StoredClass> classes;
  for (std::string& name : class_names()) classes.push_back({std::move(name), {}});
  const auto ask = [&](std::size_t i) { classes[i].newest = newest(classes[i].name); };
  concurrently(classes.size(), ask, requests_to(*storage_));
  return classes;
}

}  // namespace pet
