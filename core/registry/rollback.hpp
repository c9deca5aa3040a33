// roll_back: an older release of a class becomes its latest again, by one more entry of its log.
//
//   Registry registry(open_plugin_storage("s3://pets"));
//   roll_back(registry, {.class_name = "MyFilter"});               // to what was latest before
//   roll_back(registry, {.class_name = "MyFilter", .number = 3});  // to what entry 3 names
//
// Nothing is removed: the log says what was latest when, and the next push goes forward again. Every
// service that follows the class takes it as any other move.
//
// Threads: as of the registry.
// Throws:  kClassNotFound for a class without a log; kVersionNotFound when no entry has that number or
//          hash, no other release was latest before, or a binary is gone; as a push.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/registry/registry.hpp"

namespace pet {

// To which entry: of that number; else the newest that names that binary; else the newest whose release
// is not the latest one.
struct Rollback {
  std::string class_name;
  std::optional<Hash> hash = {};
  std::optional<std::uint64_t> number = {};
  std::optional<std::string> message = {};  // nothing: "back to #3"
};

// kUnchanged when that release is latest already.
PushResult roll_back(Registry& registry, const Rollback& rollback);

}  // namespace pet
