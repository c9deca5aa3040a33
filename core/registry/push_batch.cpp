#include "core/registry/push_batch.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "core/artifact/class_name.hpp"
#include "core/artifact/describe.hpp"
#include "core/registry/keys.hpp"
#include "storage/ascii.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

Error usage(const std::string& class_name, const std::string& message) {
  return {ErrorCode::kUsage, message, {.class_name = class_name, .hash = {}, .key = {}}};
}

Release release_of(const PushItem& item) {
  Release release;
  for (const Artifact& artifact : item.binaries) {
    release.emplace(artifact.facts.platform,
                    ReleaseFile{artifact.binary.hash(), artifact.binary.size()});
  }
  return release;
}

std::string key_of(const Artifact& artifact) {
  const Facts& facts = artifact.facts;
  return binary_key(facts.clazz.name, artifact.binary.hash(), facts.platform);
}

std::string facts_key_of(const Artifact& artifact) {
  return facts_key(artifact.facts.clazz.name, artifact.binary.hash());
}

}  // namespace

PushBatch::PushBatch(Registry& registry, std::span<const PushItem> items, Goal goal)
    : registry_(registry), goal_(goal) {
  jobs_.reserve(items.size());
  for (const PushItem& item : items) jobs_.push_back(Job{&item});
}

std::vector<PushOutcome> PushBatch::run() {
  check_items();
  look();
  if (goal_ == Goal::kPublish) read_newest();
  find_new_names();
  if (has_new_names()) refuse_case_twins(class_names());
  store_binaries();
  refuse_late_twins(store_facts_and_read_names());
  if (goal_ == Goal::kPublish) {
    write_entries();
    look_again();
    write_hints();
  }
  std::vector<PushOutcome> outcomes;
  outcomes.reserve(jobs_.size());
  for (const Job& job : jobs_) {
    report(job);
    outcomes.push_back(outcome_of(job));
  }
  return outcomes;
}

// --- before anything is written ---

void PushBatch::check_items() {
  std::map<std::string, std::string> seen;  // by lower case
  for (Job& job : jobs_) {
    attempt(job, [&](Job&) {
      check_item(job);
      const auto [twin, is_new] = seen.emplace(small_letters(job.class_name), job.class_name);
      if (is_new) return;
      if (twin->second != job.class_name) {
        throw case_twin(job.class_name, twin->second, "is pushed too");
      }
      throw usage(job.class_name, job.class_name +
                                      " was given twice in one push: push one version after the "
                                      "other, or several platforms as one release");
    });
  }
}

void PushBatch::check_item(Job& job) {
  const std::vector<Artifact>& binaries = job.item->binaries;
  if (binaries.empty()) throw usage({}, "a push was given no binary: name at least one");
  const std::string& name = binaries.front().facts.clazz.name;
  require_class_name(name);
  for (const Artifact& artifact : binaries) {
    if (artifact.facts.clazz.name == name) continue;
    throw usage(name, "one release cannot hold " + name + " and " + artifact.facts.clazz.name +
                          ": push each class by itself");
  }
  if (release_of(*job.item).size() != binaries.size()) {
    throw usage(name, "a release of " + name +
                          " has two binaries for one platform: give one for each platform");
  }
  require_message(job.item->options.message);
  registry_.require_writable();
  job.class_name = name;
}

void PushBatch::look() {
  BaseStorage& storage = *registry_.storage_;
  try {
    storage.ensure_exists();
  } catch (const Error& error) {
    for (Job& job : jobs_) {
      if (!job.error) job.error = error;
    }
    return;
  }
  if (lists_at_once()) list_objects();
}

// Once the storage cannot be reached, the other classes are not asked for: they would only wait for
// the same answer.
void PushBatch::list_objects() {
  BaseStorage& storage = *registry_.storage_;
  std::mutex mutex;
  std::optional<Error> unreachable;
  for_each_live([&](Job& job) {
    {
      const std::lock_guard lock(mutex);
      if (unreachable) throw Error(*unreachable);
    }
    try {
      job.there = ClassObjects::list(storage, class_prefix(job.class_name));
    } catch (const Error& error) {
      const std::lock_guard lock(mutex);
      if (error.code() == ErrorCode::kStorageUnreachable) unreachable = error;
      throw;
    }
  });
}

bool PushBatch::lists_at_once() const {
  const Capabilities able = registry_.storage_->capabilities();
  return able.remote && able.list;
}

void PushBatch::read_newest() {
  for_each_live([&](Job& job) {
    job.writer.emplace(registry_, Move{.class_name = job.class_name,
                                       .hash = job.item->binaries.front().binary.hash(),
                                       .release = release_of(*job.item),
                                       .options = job.item->options});
    job.writer->read_newest(job.there ? &*job.there : nullptr);
  });
}

// --- binaries and facts ---

std::optional<ObjectInfo> PushBatch::head(const Job& job, const std::string& key) const {
  return job.there ? job.there->find(key) : registry_.storage_->head(key);
}

// Whether the binary is in the storage. Throws kCorrupt when something else has its key.
bool PushBatch::is_stored(const Job& job, const Artifact& artifact) const {
  const std::string key = key_of(artifact);
  const Binary& binary = artifact.binary;
  const std::optional<ObjectInfo> info = head(job, key);
  if (!info) return false;

  std::string what;
  if (info->size != binary.size()) {
    what = std::to_string(info->size) + " bytes, expected " + std::to_string(binary.size());
  } else if (job.item->options.check_existing == CheckExisting::kBytes) {
    // Its very own bytes: get() of a chain is content with anybody's copy.
    const std::optional<std::string> bytes = registry_.storage_->get_range(key, 0, binary.size());
    if (!bytes) return false;
    if (*bytes != binary.view()) {
      what = "sha256 " + Hash::of(*bytes).hex() + ", expected " + binary.hash().hex();
    }
  }
  if (what.empty()) return true;
  throw Error(ErrorCode::kCorrupt,
              job.class_name + " " + binary.hash().short_hex() +
                  " was not pushed: " + pet::quoted(key) + " in " + registry_.storage_->describe() +
                  " is damaged: it has " + what + ": remove that object and push again",
              {.class_name = job.class_name, .hash = binary.hash().hex(), .key = key});
}

void PushBatch::store_binaries() {
  for_each_live([&](Job& job) {
    for (const Artifact& artifact : job.item->binaries) {
      job.was_stored.push_back(is_stored(job, artifact));
    }
  });
  std::vector<Put> puts;
  for (Job& job : jobs_) {
    if (job.error) continue;
    const std::vector<Artifact>& binaries = job.item->binaries;
    for (std::size_t i = 0; i < binaries.size(); ++i) {
      if (job.was_stored[i]) continue;
      puts.push_back({&job, &binaries[i], key_of(binaries[i]), binaries[i].binary.view()});
    }
    // Bytes that were not there a moment ago are in no release that was written before.
    if (job.writer && std::ranges::find(job.was_stored, true) == job.was_stored.end()) {
      job.writer->skip_known_entries();
    }
  }
  const std::vector<PutOutcome> outcomes = put_all(puts);
  for (std::size_t i = 0; i < puts.size(); ++i) {
    if (outcomes[i] == PutOutcome::kWritten) {
      puts[i].job->written.push_back(puts[i].key);
    } else {
      attempt(*puts[i].job, [&](Job& job) {
        job.there.reset();  // it has come since
        is_stored(job, *puts[i].artifact);
      });
    }
  }
}

void PushBatch::store_facts() {
  // Those of a new binary are put at once; for others a look is cheaper.
  std::vector<std::vector<const Artifact*>> missing(jobs_.size());
  for_each_live([&](Job& job) {
    for (std::size_t i = 0; i < job.item->binaries.size(); ++i) {
      const Artifact& artifact = job.item->binaries[i];
      if (job.was_stored[i] && head(job, facts_key_of(artifact))) continue;
      missing[static_cast<std::size_t>(&job - jobs_.data())].push_back(&artifact);
    }
  });
  std::vector<std::string> documents;
  std::vector<Put> puts;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].error) continue;
    for (const Artifact* artifact : missing[i]) {
      documents.push_back(facts_json(artifact->facts, artifact->binary.hash()));
      puts.push_back({&jobs_[i], artifact, facts_key_of(*artifact), {}});
    }
  }
  for (std::size_t i = 0; i < puts.size(); ++i) puts[i].bytes = documents[i];
  const std::vector<PutOutcome> outcomes = put_all(puts);
  for (std::size_t i = 0; i < puts.size(); ++i) {
    if (outcomes[i] == PutOutcome::kWritten) puts[i].job->written.push_back(puts[i].key);
  }
}

// Whoever pushes a twin at the same time has its binaries there by now, or will see ours.
PushBatch::ClassNames PushBatch::store_facts_and_read_names() {
  ClassNames names;
  const bool reads_names = has_new_names();
  const auto one_of_both = [&](std::size_t i) {
    if (i == 0) store_facts();
    if (i == 1 && reads_names) names = class_names();
  };
  const std::size_t threads = registry_.storage_->capabilities().remote ? 2 : 1;
  concurrently(2, one_of_both, {.at_most = threads, .calls_worth = 1});
  return names;
}

// Outcomes in the order of `puts`; those of a job that failed mean nothing.
std::vector<PutOutcome> PushBatch::put_all(const std::vector<Put>& puts) {
  std::vector<PutItem> items;
  items.reserve(puts.size());
  for (const Put& put : puts) items.push_back({put.key, put.bytes, PutMode::kIfAbsent});
  if (items.empty()) return {};
  try {
    return registry_.put_absent_many(items);
  } catch (const Error&) {
    return put_one_by_one(puts);
  }
}

std::vector<PutOutcome> PushBatch::put_one_by_one(const std::vector<Put>& puts) {
  std::vector<PutOutcome> outcomes(puts.size(), PutOutcome::kWritten);
  std::optional<Error> unreachable;
  for (std::size_t i = 0; i < puts.size(); ++i) {
    attempt(*puts[i].job, [&](Job&) {
      // Twice in a row is enough: the others would only wait for the same answer.
      if (unreachable) throw Error(*unreachable);
      try {
        if (!registry_.put_absent(puts[i].key, puts[i].bytes)) {
          outcomes[i] = PutOutcome::kAlreadyThere;
        }
      } catch (const Error& error) {
        if (error.code() == ErrorCode::kStorageUnreachable) unreachable = error;
        throw;
      }
    });
  }
  return outcomes;
}

// --- the log ---

void PushBatch::write_entries() {
  std::vector<char> writes(jobs_.size());
  for_each_live([&](Job& job) {
    writes[static_cast<std::size_t>(&job - jobs_.data())] = job.writer->prepare();
  });
  std::vector<Job*> writers;
  std::vector<PutItem> items;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].error || writes[i] == 0) continue;
    writers.push_back(&jobs_[i]);
    items.push_back({jobs_[i].writer->key(), jobs_[i].writer->bytes(), PutMode::kIfAbsent});
  }
  if (items.empty()) return;

  std::vector<PutOutcome> outcomes(items.size(), PutOutcome::kAlreadyThere);
  try {
    outcomes = registry_.put_absent_many(items);
  } catch (const Error&) {
    // Any of them may have been written: settle() finds out.
  }
  std::vector<Job*> others_were_first;
  for (std::size_t i = 0; i < writers.size(); ++i) {
    if (outcomes[i] == PutOutcome::kWritten) {
      writers[i]->writer->won();
    } else {
      others_were_first.push_back(writers[i]);
    }
  }
  concurrently(others_were_first.size(), [&](std::size_t i) {
    attempt(*others_were_first[i], [](Job& job) { job.writer->settle(); });
  });
}

// A collector that saw the binaries before the entry named them may have removed them.
void PushBatch::look_again() {
  for_each_live([&](Job& job) {
    if (job.writer->moved()) put_back(job);
  });
}

void PushBatch::put_back(Job& job) {
  for (const Artifact& artifact : job.item->binaries) {
    job.there.reset();
    if (lists_at_once()) {
      const std::string prefix = version_prefix(job.class_name, artifact.binary.hash());
      job.there = ClassObjects::list(*registry_.storage_, prefix);
    }
    const std::string key = key_of(artifact);
    if (!head(job, key)) registry_.put_absent(key, artifact.binary.view());
    const std::string facts = facts_key_of(artifact);
    if (!head(job, facts)) {
      registry_.put_absent(facts, facts_json(artifact.facts, artifact.binary.hash()));
    }
  }
}

void PushBatch::write_hints() {
  std::vector<const LogWriter*> writers;
  for (const Job& job : jobs_) {
    if (!job.error) writers.push_back(&*job.writer);
  }
  LogWriter::write_hints(registry_, writers);
}

// --- what came of it ---

PushOutcome PushBatch::outcome_of(const Job& job) const {
  if (job.error) return {.result = {}, .error = job.error};
  if (goal_ == Goal::kPublish) {
    PushResult result = job.writer->result();
    if (result.kind == PushKind::kUnchanged) result.put_back = job.written.size();
    return {.result = std::move(result), .error = {}};
  }
  const Artifact& first = job.item->binaries.front();
  return {.result = PushResult{.class_name = job.class_name,
                               .hash = first.binary.hash(),
                               .platform = first.facts.platform,
                               .kind = PushKind::kPersisted},
          .error = {}};
}

void PushBatch::report(const Job& job) const {
  if (job.error) {
    registry_.report_refusal(*job.error, std::chrono::steady_clock::now() - start_);
  }
  if (goal_ != Goal::kPublish || !job.writer || !job.writer->moved()) return;
  const PushResult result = job.writer->result();
  registry_.report_publish(result, std::chrono::steady_clock::now() - start_);
}

}  // namespace pet
