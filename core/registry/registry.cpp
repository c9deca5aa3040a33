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
#include "core/registry/class_objects.hpp"
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

Registry::Newest Registry::read_newest(std::string_view class_name, HintUse use,
                                       const ClassObjects* listed) const {
  require_class_name(class_name);
  const std::uint64_t known = remembered(class_name);
  const bool reads_hint = use == HintUse::kAlways || known == 0;
  const bool has_hint = listed == nullptr || listed->find(latest_key(class_name));
  Hint hint = reads_hint && has_hint ? read_hint(class_name) : Hint{};
  Newest newest{.document = {}, .hint = std::move(hint.bytes)};

  const std::uint64_t seen = std::max(known, hint.number);
  const std::uint64_t last = listed == nullptr ? last_number(class_name, seen)
                                               : std::max(seen, listed->last_number(class_name));
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

// --- binaries ---

std::optional<std::string> Registry::binary_bytes(std::string_view class_name, const Hash& hash,
                                                  std::string_view platform) const {
  require_class_name(class_name);
  return storage_->get(binary_key(class_name, hash, or_this_machine(platform)));
}

std::string Registry::require_binary(std::string_view class_name, const Hash& hash,
                                     std::string_view platform) const {
  StringSink bytes;
  require_binary(class_name, hash, bytes, platform);
  return bytes.take();
}

void Registry::require_binary(std::string_view class_name, const Hash& hash, ByteSink& sink,
                              std::string_view platform) const {
  require_class_name(class_name);
  if (storage_->read(binary_key(class_name, hash, or_this_machine(platform)), sink)) return;
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
