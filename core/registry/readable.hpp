// readable: what of a storage can be read, where something in it is damaged or may not be read: for those who
// look at a storage. One damaged object hides none of the others.
//
//   const ReadableLog log = readable_log(registry, "MyFilter");
//   for (const LogEntry& entry : log.entries) …       // newest first
//   for (const Error& error : log.damage) …           // what is wrong with the others
//
// Threads: any. Throws: as Registry, for all that is no damage (is_damage).
#pragma once

#include <string_view>
#include <vector>

#include "core/registry/log_entry.hpp"
#include "core/registry/registry.hpp"
#include "storage/error.hpp"

namespace pet {

// Whether the error may concern one object alone: kCorrupt, kStorageRefused.
bool is_damage(const Error& error);

struct ReadableLog {
  std::vector<LogEntry> entries;  // newest first
  std::vector<Error> damage;      // in that order, too
};
// Reads each entry by itself once one is damaged. Nothing at all: the class has no log.
ReadableLog readable_log(const Registry& registry, std::string_view class_name);

struct ReadableClasses {
  std::vector<StoredClass> found;
  std::vector<Error> damage;  // class_name() is the name of each, which is not among `found`
};
// Class by class once one is damaged, past the folders that may not be listed.
ReadableClasses readable_classes(const Registry& registry);

}  // namespace pet
