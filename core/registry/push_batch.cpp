#include "core/registry/push_batch.hpp"

#include <algorithm>
#include <map>

#include "core/artifact/class_name.hpp"
#include "core/artifact/describe.hpp"
#include "core/concurrently.hpp"
#include "core/registry/keys.hpp"
#include "storage/ascii.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

Error usage(const std::string& class_name, const std::string& message) {
  return {ErrorCode::kUsage, message, {.class_name = class_name, .hash = {}, .key = {}}};
}

Error case_twin(const std::string& class_name, const std::string& twin, const std::string& where) {
  return {ErrorCode::kInvalidName,
          "class " + class_name + " differs only in case from " + twin + ", which " + where +
              ": they would be one file on some systems: choose another name",
          {.class_name = class_name, .hash = {}, .key = {}}};
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
  for_each_live([&](Job&) { registry_.storage_->ensure_exists(); });
  if (goal_ == Goal::kPublish) read_newest();
  find_new_names();
  refuse_case_twins();
  store_binaries();
  store_facts();
  refuse_late_twins();
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

template <class Step>
void PushBatch::attempt(Job& job, const Step& step) {
  if (job.error) return;
  try {
    step(job);
  } catch (const Error& error) {
    job.error = error;
  }
}

template <class Step>
void PushBatch::for_each_live(const Step& step) {
  concurrently(jobs_.size(), [&](std::size_t i) { attempt(jobs_[i], step); });
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

void PushBatch::read_newest() {
  for_each_live([&](Job& job) {
    job.writer.emplace(registry_, Move{.class_name = job.class_name,
                                       .hash = job.item->binaries.front().binary.hash(),
                                       .release = release_of(*job.item),
                                       .options = job.item->options});
    job.writer->read_newest();
  });
}

// Only a class that is not there yet can be a new twin of another: published, or, if nothing is to be
// published, stored. Fitted states alone do not make a class: they come last of its objects.
void PushBatch::find_new_names() {
  if (!registry_.storage_->capabilities().list) return;
  for_each_live([&](Job& job) {
    if (job.writer) {
      job.name_is_new = job.writer->class_is_new();
      return;
    }
    const auto first = registry_.storage_->list(class_prefix(job.class_name), {}, 1);
    job.name_is_new = first.empty() || is_state(first.front(), job.class_name);
  });
}

void PushBatch::refuse_case_twins() {
  const auto may_be_twin = [](const Job& job) { return job.name_is_new && !job.error; };
  if (std::ranges::none_of(jobs_, may_be_twin)) return;

  std::multimap<std::string, std::string> there;  // by lower case
  std::optional<Error> failure;
  try {
    for (const std::string& name : registry_.class_names()) there.emplace(small_letters(name), name);
  } catch (const Error& error) {
    failure = error;
  }
  for (Job& job : jobs_) {
    if (!may_be_twin(job)) continue;
    attempt(job, [&](Job&) {
      if (failure) throw Error(*failure);
      const auto [first, last] = there.equal_range(small_letters(job.class_name));
      for (auto name = first; name != last; ++name) {
        if (name->second == job.class_name) continue;
        throw case_twin(job.class_name, name->second, registry_.storage_->describe() + " has");
      }
    });
  }
}

// Who pushed a twin at the same time has its binaries there by now, or will see ours. It may be that
// both see the other: then neither is published, and nothing of either may stay, or it would be the
// twin that stands in the other's way for ever.
void PushBatch::refuse_late_twins() {
  std::vector<Job*> live;
  for (Job& job : jobs_) {
    if (!job.error) live.push_back(&job);
  }
  refuse_case_twins();
  std::erase_if(live, [](const Job* job) {
    return !job->error || job->error->code() != ErrorCode::kInvalidName;
  });
  concurrently(live.size(), [&](std::size_t i) {
    try {
      take_back(*live[i]);
    } catch (const Error& error) {
      live[i]->error = error;
    }
  });
}

// Removes what this push wrote, unless somebody else has published the class with it. Not seen: a
// third who pushes the very same binary, has found ours there, looked before the twin came, and has
// yet to write its entry. Its name and the twin's may then both be published.
void PushBatch::take_back(Job& job) {
  if (job.written.empty() || registry_.newest_number(job.class_name) > 0) return;
  std::string left;
  for (auto key = job.written.rbegin(); key != job.written.rend(); ++key) {
    try {
      registry_.storage_->remove(*key);
    } catch (const Error&) {
      left += (left.empty() ? "" : ", ") + pet::quoted(*key);
    }
  }
  // Who published meanwhile may have looked for the binaries before they went.
  if (registry_.newest_number(job.class_name) > 0) return put_back(job);
  if (left.empty()) return;
  throw Error(job.error->code(),
              std::string(job.error->what()) +
                  "; this push could not remove what it had written (" + left +
                  "), which stands in the way of " + job.error->class_name() +
                  "'s twin: remove these objects",
              {.class_name = job.class_name, .hash = {}, .key = {}});
}

// --- binaries and facts ---

// Whether the binary is in the storage. Throws kCorrupt when something else has its key.
bool PushBatch::is_stored(const Job& job, const Artifact& artifact) const {
  const std::string key = key_of(artifact);
  const Binary& binary = artifact.binary;
  const std::optional<ObjectInfo> info = registry_.storage_->head(key);
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
      attempt(*puts[i].job, [&](Job& job) { is_stored(job, *puts[i].artifact); });
    }
  }
}

void PushBatch::store_facts() {
  // Those of a new binary are put at once; for others a look is cheaper.
  std::vector<std::vector<const Artifact*>> missing(jobs_.size());
  for_each_live([&](Job& job) {
    for (std::size_t i = 0; i < job.item->binaries.size(); ++i) {
      const Artifact& artifact = job.item->binaries[i];
      if (job.was_stored[i] && registry_.storage_->head(facts_key_of(artifact))) continue;
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
  concurrently(writers.size(), [&](std::size_t i) {
    attempt(*writers[i], [&](Job& job) {
      outcomes[i] == PutOutcome::kWritten ? job.writer->won() : job.writer->settle();
    });
  });
}

// A collector that saw the binaries before the entry named them may have removed them.
void PushBatch::look_again() {
  for_each_live([&](Job& job) {
    if (job.writer->moved()) put_back(job);
  });
}

void PushBatch::put_back(Job& job) {
  BaseStorage& storage = *registry_.storage_;
  for (const Artifact& artifact : job.item->binaries) {
    const std::string key = key_of(artifact);
    if (!storage.head(key)) registry_.put_absent(key, artifact.binary.view());
    const std::string facts = facts_key_of(artifact);
    if (!storage.head(facts)) {
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
