#include "core/registry/log_writer.hpp"

#include <algorithm>

#include "core/registry/keys.hpp"
#include "core/registry/writer_identity.hpp"
#include "storage/random_hex.hpp"

namespace pet {
namespace {

constexpr std::size_t kScannedAtOnce = 16;

}  // namespace

LogWriter::LogWriter(Registry& registry, Move move)
    : registry_(registry), move_(std::move(move)), write_id_(random_hex(32)) {}

void LogWriter::read_newest(const ClassObjects* listed) {
  newest_ = registry_.read_newest(move_.class_name, Registry::HintUse::kAlways, listed);
}

void LogWriter::skip_known_entries() noexcept {
  cleared_ = newest_.document ? newest_.document->entry.number : 0;
}

bool LogWriter::names(const Release& release) const {
  const auto has = [&](const Release::value_type& wanted) {
    const auto found = release.find(wanted.first);
    return found != release.end() && found->second.hash == wanted.second.hash;
  };
  const bool same_size = release.size() == move_.release.size();
  return (same_size || move_.match == Move::Match::kContains) &&
         std::ranges::all_of(move_.release, has);
}

bool LogWriter::prepare() {
  document_.reset();
  if (newest_.document && names(newest_.document->entry.release)) return false;
  if (has_older() && move_.options.on_older == OnOlder::kRefuse) refuse_to_move_back();
  document_ = next_document();
  key_ = log_key(move_.class_name, document_->entry.number);
  return true;
}

// Looks through the entries below the newest one that have not been looked at yet.
bool LogWriter::has_older() {
  if (older_ || !newest_.document) return older_.has_value();
  const std::uint64_t newest = newest_.document->entry.number;
  for (std::uint64_t next = newest - 1; next > cleared_;) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(kScannedAtOnce, next - cleared_));
    for (const auto& document : registry_.read_entries(move_.class_name, next, count)) {
      if (!names(document.entry.release)) continue;
      older_ = document.entry.number;
      return true;
    }
    next -= count;
  }
  cleared_ = newest;
  return false;
}

Registry::Document LogWriter::next_document() const {
  const RegistryOptions& options = registry_.options_;
  LogEntry entry{
      .number = 1,
      .previous = {},
      .class_name = move_.class_name,
      .hash = move_.hash,
      .release = move_.release,
      .time = utc_time(std::chrono::system_clock::now()),
      .by = options.by.empty() ? user_at_host() : options.by,
      .message = move_.options.message,
      .write_id = write_id_,
      .expires = {},
      .from = move_.options.from,
  };
  if (newest_.document) {
    entry.number = newest_.document->entry.number + 1;
    entry.previous = Hash::of(newest_.document->bytes);
  }
  std::string bytes = to_json(entry);
  return {std::move(entry), std::move(bytes)};
}

void LogWriter::won() {
  if (newest_.document) {
    from_ = newest_.document->entry.hash;
    from_number_ = newest_.document->entry.number;
  }
  moved_ = true;
  registry_.remember(move_.class_name, document_->entry.number);
  newest_.document = document_;
}

void LogWriter::settle() {
  while (prepare()) {
    if (append()) return won();
    // Another writer's entry has the number.
    registry_.remember(move_.class_name, document_->entry.number);
    newest_.document =
        registry_.read_newest(move_.class_name, Registry::HintUse::kWhenNeeded).document;
  }
}

// Whether the entry is in the log now and ours.
bool LogWriter::append() {
  try {
    if (registry_.put_absent(key_, document_->bytes)) return true;
  } catch (const Error& error) {
    // Unreachable can mean written, with the answer lost.
    if (error.code() != ErrorCode::kStorageUnreachable) throw;
    if (!registry_.storage_->head(key_)) throw;
    // There it is, perhaps ours, perhaps not on the disk yet: a second put says "already there" only
    // of what is durable.
    if (registry_.put_absent(key_, document_->bytes)) return true;
  }
  auto there = registry_.require_entry(move_.class_name, document_->entry.number);
  if (there.entry.write_id != write_id_) return false;
  document_ = std::move(there);  // of an earlier attempt, with an earlier time
  return true;
}

void LogWriter::write_hints(Registry& registry, std::span<const LogWriter* const> writers) {
  std::vector<std::string> keys;
  std::vector<const LogWriter*> stale;
  for (const LogWriter* writer : writers) {
    if (writer->newest_.hint == writer->newest_.document->bytes) continue;
    stale.push_back(writer);
    keys.push_back(latest_key(writer->move_.class_name));
  }
  std::vector<PutItem> items;
  for (std::size_t i = 0; i < stale.size(); ++i) {
    items.push_back({keys[i], stale[i]->newest_.document->bytes, PutMode::kReplace});
  }
  if (items.empty()) return;
  try {
    registry.storage_->put_many(items);
  } catch (const Error& error) {
    for (const LogWriter* writer : stale) {
      registry.report_damage(writer->move_.class_name,
                             std::string("the hint was not written: ") + error.what());
    }
  }
}

void LogWriter::refuse_to_move_back() const {
  const LogEntry& newest = newest_.document->entry;
  throw Error(ErrorCode::kUsage,
              move_.class_name + " " + move_.hash.short_hex() + " is entry " +
                  std::to_string(*older_) + " of its log, and latest is entry " +
                  std::to_string(newest.number) + " (" + newest.hash.short_hex() +
                  "): latest was not moved back: say --move-back if that is what you want",
              {.class_name = move_.class_name, .hash = move_.hash.hex(), .key = {}});
}

PushResult LogWriter::result() const {
  const auto first = std::ranges::find_if(
      move_.release, [&](const auto& file) { return file.second.hash == move_.hash; });
  const PushKind moved = older_ ? PushKind::kMovedBack : PushKind::kPublished;
  return {.class_name = move_.class_name,
          .hash = move_.hash,
          .platform = first->first,
          .kind = moved_ ? moved : PushKind::kUnchanged,
          .number = newest_.document->entry.number,
          .from = from_,
          .from_number = from_number_};
}

}  // namespace pet
