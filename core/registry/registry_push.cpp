// The writing half of the registry: what it offers, and the only functions by which this room
// writes.
#include <algorithm>
#include <chrono>

#include "core/artifact/class_name.hpp"
#include "core/registry/keys.hpp"
#include "core/registry/log_writer.hpp"
#include "core/registry/push_batch.hpp"
#include "core/registry/registry.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

PushResult only(std::vector<PushOutcome> outcomes) {
  if (outcomes.front().error) throw Error(*outcomes.front().error);
  return *std::move(outcomes.front().result);
}

}  // namespace

PushResult Registry::persist(const PushItem& item) { return only(persist_many({&item, 1})); }

PushResult Registry::push(const PushItem& item) { return only(push_many({&item, 1})); }

std::vector<PushOutcome> Registry::push_many(std::span<const PushItem> items) {
  return PushBatch(*this, items, PushBatch::Goal::kPublish).run();
}

std::vector<PushOutcome> Registry::persist_many(std::span<const PushItem> items) {
  return PushBatch(*this, items, PushBatch::Goal::kPersist).run();
}

PushResult Registry::publish(std::string_view class_name, const Hash& hash, const Release& release,
                             const PublishOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  require_class_name(class_name);
  require_message(options.message);
  const std::string name(class_name);
  if (std::ranges::none_of(release, [&](const auto& file) { return file.second.hash == hash; })) {
    throw Error(ErrorCode::kUsage,
                "the release of " + name + " does not have " + hash.hex() + ": name one of its own",
                {.class_name = name, .hash = hash.hex(), .key = {}});
  }
  require_writable();
  require_stored(class_name, release);

  LogWriter writer(*this, Move{.class_name = name,
                               .hash = hash,
                               .release = release,
                               .options = options,
                               .match = Move::Match::kExactly});
  writer.read_newest();
  writer.settle();
  if (writer.moved()) {
    report_publish(writer.result(), std::chrono::steady_clock::now() - start);
    require_stored(class_name, release);
  }
  const LogWriter* const writers[] = {&writer};
  LogWriter::write_hints(*this, writers);
  return writer.result();
}

// Throws unless every binary of the release is there, in its size.
void Registry::require_stored(std::string_view class_name, const Release& release) const {
  for (const auto& [platform, file] : release) {
    const std::string key = binary_key(class_name, file.hash, platform);
    const std::optional<ObjectInfo> info = storage_->head(key);
    if (!info) throw_version_not_found(class_name, file.hash);
    if (info->size == file.size) continue;
    throw Error(ErrorCode::kCorrupt,
                pet::quoted(key) + " in " + storage_->describe() + " is damaged: it has " +
                    std::to_string(info->size) + " bytes, expected " + std::to_string(file.size) +
                    ": remove that object and push the binary again",
                {.class_name = std::string(class_name), .hash = file.hash.hex(), .key = key});
  }
}

void Registry::report_publish(const PushResult& result, std::chrono::nanoseconds duration) const {
  notify(options_.observer,
         {EventKind::kPublish, result.class_name, result.hash.hex(), storage_->describe(),
          "entry " + std::to_string(result.number), duration});
}

// A damaged object or log stopped a push.
void Registry::report_refusal(const Error& error, std::chrono::nanoseconds duration) const {
  if (error.code() != ErrorCode::kCorrupt) return;
  const std::string message = error.what();
  notify(options_.observer,
         {EventKind::kRefusal, error.class_name(), error.hash(), storage_->describe(),
          message.substr(0, message.find('\n')), duration});
}

// --- the only ways in which this room writes ---

void Registry::require_writable() const {
  const Capabilities able = storage_->capabilities();
  if (!able.write) {
    throw Error(ErrorCode::kStorageUnsupported,
                storage_->describe() + " cannot be written: push to the storage that it mirrors");
  }
  if (!able.put_if_absent && !able.single_writer && options_.write_mode == WriteMode::kShared) {
    throw Error(ErrorCode::kStorageUnsupported,
                storage_->describe() +
                    " cannot put an object only if it is absent, so two writers could both think "
                    "that they moved latest: use a storage that can, or, where nobody else ever "
                    "writes, ContainerOptions::single_writer");
  }
}

bool Registry::put_absent(std::string_view key, std::string_view bytes) {
  const PutItem item{key, bytes, PutMode::kIfAbsent};
  return put_absent_many({&item, 1}).front() == PutOutcome::kWritten;
}

std::vector<PutOutcome> Registry::put_absent_many(std::span<const PutItem> items) {
  const Capabilities able = storage_->capabilities();
  if (able.put_if_absent) {
    try {
      return storage_->put_many(items);
    } catch (const Error& error) {
      const bool is_alone = able.single_writer || options_.write_mode == WriteMode::kSingleWriter;
      if (!is_alone || error.code() != ErrorCode::kStorageUnsupported) throw;
    }
  }
  return put_looking_first(items);
}

// For a single writer: what is absent now stays absent until it is put.
std::vector<PutOutcome> Registry::put_looking_first(std::span<const PutItem> items) {
  std::vector<PutOutcome> outcomes;
  std::vector<PutItem> absent;
  for (const PutItem& item : items) {
    const bool there = storage_->head(item.key).has_value();
    outcomes.push_back(there ? PutOutcome::kAlreadyThere : PutOutcome::kWritten);
    if (!there) absent.push_back({item.key, item.bytes, PutMode::kReplace});
  }
  storage_->put_many(absent);
  return outcomes;
}

}  // namespace pet
