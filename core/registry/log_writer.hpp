// LogWriter: moves `latest` of one class, by one entry, whoever else is moving it too.
//
//   LogWriter writer(registry, move);
//   writer.read_newest();
//   writer.settle();              // or, in a batch: prepare(), write bytes() under key(), won()
//
// An entry can be written although the storage said that it failed, and a lost race can be one's
// own write, repeated somewhere on the way. So before losing or failing, the entry is read back:
// its random write_id says whose it is.
//
// For the writing half of this room only. Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/registry/registry.hpp"

namespace pet {

// What `latest` is to name.
struct Move {
  enum class Match {
    kContains,  // an entry that names these binaries among others is the same
    kExactly,
  };

  std::string class_name;
  Hash hash;
  Release release;
  PublishOptions options;
  Match match = Match::kContains;
};

class LogWriter {
 public:
  LogWriter(Registry& registry, Move move);

  // The newest entry and the hint: what everything below decides on.
  // `listed`: what a list has just said of the class, if one has.
  void read_newest(const ClassObjects* listed = nullptr);
  bool class_is_new() const noexcept { return !newest_.document; }

  // What read_newest saw cannot name the release: its binaries were not there yet.
  void skip_known_entries() noexcept;

  // Decides: true when the entry bytes() is to be put under key(), if absent. false: `latest` is
  // right as it is. Throws kUsage when it would move back and may not.
  bool prepare();
  const std::string& key() const noexcept { return key_; }
  const std::string& bytes() const noexcept { return document_->bytes; }
  void won();

  // Prepares and writes until the entry is there, or needless.
  void settle();

  // Makes latest.json a copy of the newest entry, where it is not. REQUIRES: each has won, or
  // prepare() said false. A failure is reported and no more: the entry is what counts, and it
  // stands.
  static void write_hints(Registry& registry, std::span<const LogWriter* const> writers);

  bool moved() const noexcept { return moved_; }
  PushResult result() const;

 private:
  bool names(const Release& release) const;
  bool has_older();
  Registry::Document next_document() const;
  bool append();
  [[noreturn]] void refuse_to_move_back() const;

  Registry& registry_;
  const Move move_;
  const std::string write_id_;

  Registry::Newest newest_;
  std::uint64_t cleared_ = 0;           // entries up to this one are known not to name the release
  std::optional<std::uint64_t> older_;  // this one does
  std::optional<Registry::Document> document_;
  std::string key_;
  bool moved_ = false;
  std::optional<Hash> from_;
  std::uint64_t from_number_ = 0;
};

}  // namespace pet
