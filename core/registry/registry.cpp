// The reading half of the registry: how the newest entry is found, and what else the log answers.
// How it is written: registry_push.cpp.
//
// Entries are numbered without gaps and never deleted, so the newest is found by looking upward
// from any number that was once seen: one list(start_after) where the storage can list; where it
// cannot, by steps of 1, 2, 4… until one is missing, then by halves.
#include "core/registry/registry.hpp"

#include <algorithm>
#include <atomic>
#include <set>

#include "core/artifact/class_name.hpp"
#include "core/artifact/machine.hpp"
#include "core/concurrently.hpp"
#include "core/registry/keys.hpp"
#include "core/registry/stored_json.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

constexpr std::size_t kPage = 1000;
constexpr std::size_t kNamedVersions = 10;

std::string_view or_this_machine(std::string_view platform) {
  return platform.empty() ? std::string_view(Machine::current().platform) : platform;
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

Registry::Registry(std::shared_ptr<BaseStorage> storage, RegistryOptions options)
    : storage_(std::move(storage)), options_(std::move(options)) {}

// --- the newest entry ---

std::optional<LogEntry> Registry::newest(std::string_view class_name) const {
  std::optional<Document> document = read_newest(class_name, HintUse::kWhenNeeded).document;
  if (!document) return std::nullopt;
  return std::move(document->entry);
}

LogEntry Registry::require_newest(std::string_view class_name) const {
  if (std::optional<LogEntry> entry = newest(class_name)) return *std::move(entry);
  throw class_not_found(class_name);
}

Registry::Newest Registry::read_newest(std::string_view class_name, HintUse use) const {
  require_class_name(class_name);
  const std::uint64_t known = remembered(class_name);
  const bool reads_hint = use == HintUse::kAlways || known == 0;
  Hint hint = reads_hint ? read_hint(class_name) : Hint{};
  Newest newest{.document = {}, .hint = std::move(hint.bytes)};

  std::uint64_t last = last_number(class_name, std::max(known, hint.number));
  if (last == 0) return newest;
  newest.document = read_entry(class_name, last);
  // The hint is written after the entry that it copies: where it leads, the log has lost its end, and
  // what is left would be an older version, or, of a log that is gone, a built-in.
  if (!newest.document && last == hint.number && last > known) {
    throw Error(
        ErrorCode::kCorrupt,
        pet::quoted(latest_key(class_name)) + " names log entry " + std::to_string(last) +
            ", which does not exist: entries are never deleted\n  try: restore the log of " +
            std::string(class_name) + " from a copy of the storage",
        {std::string(class_name), {}, latest_key(class_name)});
  }
  if (!newest.document) newest.document = require_entry(class_name, last);
  if (reads_hint && !newest.hint) {
    report_damage(class_name, pet::quoted(latest_key(class_name)) +
                                  " is missing: the log answers, and the next push replaces it");
  }
  remember(class_name, last);
  return newest;
}

Registry::Hint Registry::read_hint(std::string_view class_name) const {
  const std::string key = latest_key(class_name);
  Hint hint;
  try {
    hint.bytes = storage_->get(key, kMaxLogEntryBytes);
    if (!hint.bytes) return hint;
    const LogEntry entry = parse_log_entry(*hint.bytes, key);
    if (entry.class_name == class_name) {
      hint.number = entry.number;
    } else {
      report_damage(class_name, pet::quoted(key) + " is of the class " + entry.class_name);
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorrupt) throw;
    report_damage(class_name, error.what());
    if (!hint.bytes) hint.bytes.emplace();  // too large to be read, but not missing
  }
  return hint;
}

// The number of the last entry, `known` when nothing is above it. REQUIRES: entry `known` exists,
// or is 0.
std::uint64_t Registry::last_number(std::string_view class_name, std::uint64_t known) const {
  if (!storage_->capabilities().list) return gallop(class_name, known);
  const std::string after = known == 0 ? std::string() : log_key(class_name, known);
  std::uint64_t last = known;
  for (const std::string& key : storage_->list(log_prefix(class_name), after)) {
    last = std::max(last, log_number(key, class_name).value_or(0));
  }
  return last;
}

std::uint64_t Registry::gallop(std::string_view class_name, std::uint64_t known) const {
  const auto exists = [&](std::uint64_t number) {
    return number <= kMaxLogNumber && storage_->head(log_key(class_name, number)).has_value();
  };
  std::uint64_t there = known;
  std::uint64_t step = 1;
  for (; exists(there + step); step *= 2) there += step;
  std::uint64_t missing = there + step;
  while (missing - there > 1) {
    const std::uint64_t middle = there + (missing - there) / 2;
    (exists(middle) ? there : missing) = middle;
  }
  return there;
}

bool Registry::has_newer(std::string_view class_name, std::uint64_t number) const {
  require_class_name(class_name);
  return number < kMaxLogNumber && storage_->head(log_key(class_name, number + 1)).has_value();
}

// Without reading the entry, so that a damaged one is no obstacle.
std::uint64_t Registry::newest_number(std::string_view class_name) const {
  require_class_name(class_name);
  return last_number(class_name, remembered(class_name));
}

// --- entries ---

std::optional<LogEntry> Registry::entry(std::string_view class_name, std::uint64_t number) const {
  require_class_name(class_name);
  if (number == 0 || number > kMaxLogNumber) return std::nullopt;
  std::optional<Document> document = read_entry(class_name, number);
  if (!document) return std::nullopt;
  return std::move(document->entry);
}

std::optional<Registry::Document> Registry::read_entry(std::string_view class_name,
                                                       std::uint64_t number) const {
  const std::string key = log_key(class_name, number);
  std::optional<std::string> bytes = storage_->get(key, kMaxLogEntryBytes);
  if (!bytes) return std::nullopt;
  LogEntry entry = parse_log_entry(*bytes, key);
  if (entry.number == number && entry.class_name == class_name) {
    return Document{std::move(entry), *std::move(bytes)};
  }
  throw Error(ErrorCode::kCorrupt,
              pet::quoted(key) + " is damaged: it is entry " + std::to_string(entry.number) +
                  " of " + entry.class_name + ", expected entry " + std::to_string(number) +
                  " of " + std::string(class_name) + ": restore it from a copy of the storage",
              {.class_name = std::string(class_name), .hash = {}, .key = key});
}

Registry::Document Registry::require_entry(std::string_view class_name,
                                           std::uint64_t number) const {
  if (std::optional<Document> document = read_entry(class_name, number))
    return *std::move(document);
  const std::string key = log_key(class_name, number);
  throw Error(
      ErrorCode::kCorrupt,
      "log entry " + std::to_string(number) + " of " + std::string(class_name) +
          " is missing from " + storage_->describe() +
          ", though it was there or a later one is, and entries are never deleted: restore " +
          pet::quoted(key) + " from a copy of the storage",
      {.class_name = std::string(class_name), .hash = {}, .key = key});
}

// Entries `newest`, `newest` - 1… as many as asked for and there are.
std::vector<Registry::Document> Registry::read_entries(std::string_view class_name,
                                                       std::uint64_t newest,
                                                       std::size_t count) const {
  count = static_cast<std::size_t>(std::min<std::uint64_t>(count, newest));
  std::vector<std::optional<Document>> read(count);
  concurrently(count, [&](std::size_t i) { read[i] = require_entry(class_name, newest - i); });
  std::vector<Document> documents;
  documents.reserve(count);
  for (std::optional<Document>& document : read) documents.push_back(*std::move(document));
  return documents;
}

std::vector<LogEntry> Registry::history(std::string_view class_name, std::size_t limit) const {
  std::optional<Document> newest = read_newest(class_name, HintUse::kWhenNeeded).document;
  std::vector<LogEntry> entries;
  if (!newest || limit == 0) return entries;
  std::uint64_t number = newest->entry.number;
  entries.push_back(std::move(newest->entry));
  // Page by page: a gap ends it before memory is spent on the numbers below.
  while (number > 1 && entries.size() < limit) {
    for (Document& document :
         read_entries(class_name, number - 1, std::min(kPage, limit - entries.size()))) {
      number = document.entry.number;
      entries.push_back(std::move(document.entry));
    }
  }
  return entries;
}

std::uint64_t Registry::check_log(std::string_view class_name) const {
  const std::uint64_t last = newest_number(class_name);
  std::optional<Hash> previous;
  for (std::uint64_t done = 0; done < last;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kPage, last - done));
    std::vector<Document> page = read_entries(class_name, done + count, count);
    for (auto document = page.rbegin(); document != page.rend(); ++document) {
      const LogEntry& entry = document->entry;
      if (entry.previous != previous) {
        const std::string key = log_key(class_name, entry.number);
        throw Error(ErrorCode::kCorrupt,
                    "the log of " + std::string(class_name) + " is broken at entry " +
                        std::to_string(entry.number) + ": it follows sha256 " +
                        entry.previous->hex() + ", but entry " + std::to_string(entry.number - 1) +
                        " has sha256 " + previous->hex() +
                        ": restore both from a copy of the storage",
                    {.class_name = std::string(class_name), .hash = {}, .key = key});
      }
      previous = Hash::of(document->bytes);
    }
    done += count;
  }
  return last;
}

// --- what is stored ---

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
  concurrently(numbers.size(), [&](std::size_t i) {
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
  });
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
  std::vector<std::string> names;
  std::string seen;
  std::string after;
  while (true) {
    const std::vector<std::string> keys = storage_->list(kClassesPrefix, after, kPage);
    for (const std::string& key : keys) {
      const std::optional<std::string_view> name = class_of(key);
      if (!name || seen == *name) continue;
      seen = *name;
      // States come last: a class whose first object is one has nothing else.
      if (!is_state(key, *name)) names.emplace_back(*name);
    }
    if (keys.size() < kPage) break;
    // The rest of the class that the page ended in is passed over: '0' follows '/'.
    const std::optional<std::string_view> last = class_of(keys.back());
    after = last ? std::string(kClassesPrefix) + std::string(*last) + "0" : keys.back();
  }
  return names;
}

std::vector<StoredClass> Registry::classes() const {
  std::vector<StoredClass> classes;
  for (std::string& name : class_names()) classes.push_back({std::move(name), {}});
  concurrently(classes.size(), [&](std::size_t i) { classes[i].newest = newest(classes[i].name); });
  return classes;
}

// --- binaries ---

std::optional<std::string> Registry::binary_bytes(std::string_view class_name, const Hash& hash,
                                                  std::string_view platform) const {
  require_class_name(class_name);
  return storage_->get(binary_key(class_name, hash, or_this_machine(platform)));
}

std::string Registry::require_binary(std::string_view class_name, const Hash& hash,
                                     std::string_view platform) const {
  if (auto bytes = binary_bytes(class_name, hash, platform)) return *std::move(bytes);
  throw_version_not_found(class_name, hash);
}

const ReleaseFile& Registry::require_platform(const LogEntry& entry, std::string_view platform) {
  const std::string wanted(or_this_machine(platform));
  if (const auto file = entry.release.find(wanted); file != entry.release.end()) {
    return file->second;
  }
  std::vector<std::string> there;
  for (const auto& file : entry.release) there.push_back(file.first);
  throw Error(ErrorCode::kNoBinaryForPlatform,
              entry.class_name + " has no binary for " + wanted + ": its newest release, entry " +
                  std::to_string(entry.number) + ", is for " + join(there) + ": build it for " +
                  wanted + " and push it",
              {.class_name = entry.class_name, .hash = entry.hash.hex(), .key = {}});
}

void Registry::throw_version_not_found(std::string_view class_name, const Hash& hash) const {
  std::vector<StoredVersion> there = versions(class_name);
  const bool was_there =
      std::erase_if(there, [&](const StoredVersion& version) { return version.hash == hash; }) > 0;
  if (there.empty() && !was_there) throw class_not_found(class_name);

  std::erase_if(there, [](const StoredVersion& version) { return !version.stored; });
  std::vector<std::string> named;
  for (const StoredVersion& version : there) {
    if (named.size() == kNamedVersions) break;
    named.push_back(version.hash.hex());
  }
  if (there.size() > named.size()) {
    named.push_back(std::to_string(there.size() - named.size()) + " more");
  }
  throw Error(ErrorCode::kVersionNotFound,
              "no version " + hash.hex() + " of " + std::string(class_name) + " in " +
                  storage_->describe() + (was_there ? " any more, though its log names it" : "") +
                  "; there are: " + (named.empty() ? "none" : join(named)) +
                  ": ask for one of these, or push the missing one",
              {.class_name = std::string(class_name), .hash = hash.hex(), .key = {}});
}

Error Registry::class_not_found(std::string_view class_name) const {
  const std::string name(class_name);
  return {ErrorCode::kClassNotFound,
          "No remote versions found for " + name + " in " + storage_->describe() +
              ": check the name and the storage, or push the class: petctl push " + name + ".so",
          {.class_name = name, .hash = {}, .key = {}}};
}

// --- memory ---

std::uint64_t Registry::remembered(std::string_view class_name) const {
  const std::lock_guard lock(mutex_);
  const auto found = remembered_.find(class_name);
  return found == remembered_.end() ? 0 : found->second;
}

void Registry::remember(std::string_view class_name, std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t& highest = remembered_[std::string(class_name)];
  highest = std::max(highest, number);
}

void Registry::report_damage(std::string_view class_name, const std::string& message) const {
  notify(options_.observer,
         {EventKind::kDamage, std::string(class_name), {}, storage_->describe(), message, {}});
}

}  // namespace pet
