// What is pushed, and what came of it.
//
// `latest` is left alone when its release has every binary of the item already: nothing is written
// then, but what of it is missing: binaries, facts, and a missing, lagging or damaged hint. When an older entry has them all, `latest` would
// move back: OnOlder decides. Otherwise a new entry names exactly the item's binaries.
//
// Threads: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/artifact/facts.hpp"
#include "core/artifact/hash.hpp"
#include "core/registry/log_entry.hpp"
#include "storage/error.hpp"

namespace pet {

// A binary and what read_facts said of it.
struct Artifact {
  Binary binary;
  Facts facts;
};

// What a push does with binaries that the log has, but whose entry is not the newest.
enum class OnOlder {
  kMoveBack,  // a new entry names them again
  kRefuse,    // kUsage: a job that is run again must not roll back
};

// How to make sure that an object which lies under a binary's key already is that binary.
enum class CheckExisting {
  kSize,   // without reading it
  kBytes,  // reads and compares all of it
};

struct PublishOptions {
  std::string message;
  OnOlder on_older = OnOlder::kMoveBack;
  CheckExisting check_existing = CheckExisting::kSize;
  std::optional<Origin> from = {};  // of a promotion
};

// A release to be: binaries of one class, one per platform. The class's name and the platforms are
// the facts'.
struct PushItem {
  std::vector<Artifact> binaries;  // the first one's hash becomes the entry's
  PublishOptions options = {};
};

enum class PushKind {
  kPublished,  // a new entry
  kMovedBack,  // a new entry, for binaries that an older one has
  kUnchanged,  // it was the newest already
  kPersisted,  // persist only: stored, no entry
};

struct PushResult {
  std::string class_name;
  Hash hash;  // of the first binary
  std::string platform;
  PushKind kind;
  std::uint64_t number = 0;       // of the newest entry now; 0 when kPersisted
  std::optional<Hash> from = {};  // what `latest` was before, when it moved and there was one
  std::uint64_t from_number = 0;
  // Objects that the newest entry names, that were missing and are there again. Not of a new entry.
  std::size_t put_back = 0;
};

// Exactly one of both.
struct PushOutcome {
  std::optional<PushResult> result;
  std::optional<Error> error;
};

}  // namespace pet
