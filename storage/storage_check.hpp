// check_storage: whether a storage can be worked with, step by step, and what to do where it cannot.
//
//   for (const Check& check : check_storage(*storage, {.probe = probe_key("doctor-…")})) …
//
// reachable           it answers
// clock               its clock and this machine's agree: signatures and certificates have a time
// encryption          nobody in between can read along
// credentials         it says of an object that is not there that it is absent
// list                it lists
// read                an object that is there can be read
// write               an object can be written, and is then what was written
// conditional_writes  of several writers at once exactly one is the first, and its object stays
// remove              what was written can be removed
// latency             how long a small question takes: the median, and the worst of some
//
// What cannot be told because of an earlier failure is skipped and says so; nothing fails twice for
// one reason. What is written is removed again. All of them are always there, in this order.
//
// Threads: any; for conditional_writes some of its own. Throws: nothing of the storage's.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "storage/base_storage.hpp"
#include "storage/check.hpp"

namespace pet {

struct StorageCheckOptions {
  std::string probe;                    // a key of no object, that others take for none of theirs
  std::string prefix = {};              // where list and read look
  std::string not_written = {};         // why nothing shall be written; empty: it may be
  std::chrono::milliseconds slow{500};  // a median from here on is a warning
  CheckReport report = {};
};

std::vector<Check> check_storage(BaseStorage& storage, const StorageCheckOptions& options);

}  // namespace pet
