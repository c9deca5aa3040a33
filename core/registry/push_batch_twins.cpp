// Names that differ only in case from another class's: refused before anything is written, and again
// before a name is published, since others push at the same time.
#include <algorithm>
#include <map>

#include "core/registry/keys.hpp"
#include "core/registry/push_batch.hpp"
#include "storage/ascii.hpp"
#include "storage/key.hpp"

namespace pet {

Error PushBatch::case_twin(const std::string& class_name, const std::string& twin,
                           const std::string& where) {
  return {ErrorCode::kInvalidName,
          "class " + class_name + " differs only in case from " + twin + ", which " + where +
              ": they would be one file on some systems: choose another name",
          {.class_name = class_name, .hash = {}, .key = {}}};
}

// Only a class that is not there yet can be a new twin of another: published, or, if nothing is to be
// published, stored. Fitted states alone do not make a class: they come last of its objects.
void PushBatch::find_new_names() {
  if (!registry_.storage_->capabilities().list) return;
  if (goal_ == Goal::kPublish) {
    for (Job& job : jobs_) job.name_is_new = !job.error && job.writer->class_is_new();
    return;
  }
  for_each_live([&](Job& job) {
    if (job.there) {
      const std::string_view first = job.there->first_key();
      job.name_is_new = first.empty() || is_state(first, job.class_name);
      return;
    }
    const auto first = registry_.storage_->list(class_prefix(job.class_name), {}, 1);
    job.name_is_new = first.empty() || is_state(first.front(), job.class_name);
  });
}

bool PushBatch::has_new_names() const {
  return std::ranges::any_of(jobs_, [](const Job& job) { return job.name_is_new && !job.error; });
}

PushBatch::ClassNames PushBatch::class_names() const {
  try {
    return {registry_.class_names(), {}};
  } catch (const Error& error) {
    return {{}, error};
  }
}

void PushBatch::refuse_case_twins(const ClassNames& names) {
  std::multimap<std::string, std::string> there;  // by lower case
  for (const std::string& name : names.names) there.emplace(small_letters(name), name);
  for (Job& job : jobs_) {
    if (!job.name_is_new) continue;
    attempt(job, [&](Job&) {
      if (names.failure) throw Error(*names.failure);
      const auto [first, last] = there.equal_range(small_letters(job.class_name));
      for (auto name = first; name != last; ++name) {
        if (name->second == job.class_name) continue;
        throw case_twin(job.class_name, name->second, registry_.storage_->describe() + " has");
      }
    });
  }
}

// It may be that both see the other: then neither is published, and nothing of either may stay, or
// it would be the twin that stands in the other's way for ever.
void PushBatch::refuse_late_twins(const ClassNames& names) {
  std::vector<Job*> live;
  for (Job& job : jobs_) {
    if (!job.error) live.push_back(&job);
  }
  refuse_case_twins(names);
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

}  // namespace pet
