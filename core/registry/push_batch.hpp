// PushBatch: one push of many classes, stage by stage. No stage begins for any class before the one
// before has ended for all: binaries, facts, log entries, hints. So each stage is one durable batch
// of the storage, and what must be there before something else is.
//
// A class that fails leaves the batch with its error; the others go on. When a whole batch fails,
// its objects are put one by one, to find out whose fault it was.
//
// Where requests wait for a network, what is there is asked by one list a class, and the classes'
// names are looked at beside the facts: a hundred unchanged classes take three round trips, new ones
// nine.
//
// For registry_push.cpp only. Threads: one at a time.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/concurrently.hpp"
#include "core/registry/class_objects.hpp"
#include "core/registry/log_writer.hpp"
#include "core/registry/push.hpp"
#include "core/registry/registry.hpp"

namespace pet {

class PushBatch {
 public:
  enum class Goal {
    kPersist,  // binaries and facts
    kPublish,  // then the entry and the hint
  };

  PushBatch(Registry& registry, std::span<const PushItem> items, Goal goal);

  std::vector<PushOutcome> run();

 private:
  // One class on its way.
  struct Job {
    const PushItem* item;
    std::string class_name = {};
    std::optional<LogWriter> writer = {};
    std::optional<ClassObjects> there = {};  // what a list said, before anything was written
    bool name_is_new = false;                // so it may be the twin of another
    std::vector<bool> was_stored = {};       // of each binary: before this push
    std::vector<std::string> written = {};   // keys of objects of this push: binaries and facts
    std::optional<Error> error = {};
  };
  // One object to be put if absent.
  struct Put {
    Job* job;
    const Artifact* artifact;
    std::string key;
    std::string_view bytes;
  };

  // The classes of the storage, or why they are not known.
  struct ClassNames {
    std::vector<std::string> names;
    std::optional<Error> failure;
  };

  void check_items();
  void look();
  void list_objects();
  void read_newest();
  void find_new_names();
  bool has_new_names() const;
  ClassNames class_names() const;
  void refuse_case_twins(const ClassNames& names);
  void refuse_late_twins(const ClassNames& names);
  void store_binaries();
  void store_facts();
  ClassNames store_facts_and_read_names();
  void write_entries();
  void look_again();
  void write_hints();

  // step(job), unless the job has failed; it fails with the error.
  template <class Step>
  void attempt(Job& job, const Step& step) {
    if (job.error) return;
    try {
      step(job);
    } catch (const Error& error) {
      job.error = error;
    }
  }
  template <class Step>
  void for_each_live(const Step& step) {
    const auto attempt_one = [&](std::size_t i) { attempt(jobs_[i], step); };
    concurrently(jobs_.size(), attempt_one, requests_to(*registry_.storage_));
  }
  void check_item(Job& job);
  static Error case_twin(const std::string& class_name, const std::string& twin,
                         const std::string& where);
  bool lists_at_once() const;
  std::optional<ObjectInfo> head(const Job& job, const std::string& key) const;
  bool is_stored(const Job& job, const Artifact& artifact) const;
  std::vector<PutOutcome> put_all(const std::vector<Put>& puts);
  std::vector<PutOutcome> put_one_by_one(const std::vector<Put>& puts);
  void put_back(Job& job);
  void take_back(Job& job);
  PushOutcome outcome_of(const Job& job) const;
  void report(const Job& job) const;

  Registry& registry_;
  const Goal goal_;
  std::vector<Job> jobs_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace pet
