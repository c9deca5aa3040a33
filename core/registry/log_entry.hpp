// LogEntry: one move of `latest`, as it stands in plugins/<Class>/log/0000000042.json.
//
// Entries are immutable and numbered from 1. Each holds the SHA-256 of the exact bytes of the one
// before, so that nobody can change or drop one in the middle unseen.
//
//   const LogEntry entry{.number = 1, .previous = {}, .class_name = "MyFilter", .hash = hash,
//                        .release = {{"linux-x86_64-gnu", {hash, size}}}, .time = utc_time(now), …};
//   const std::string bytes = to_json(entry);
//   parse_log_entry(bytes, key) == entry;
//
// Threads: values and pure functions.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/artifact/hash.hpp"

namespace pet {

inline constexpr std::size_t kMaxLogEntryBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 16;
inline constexpr std::uint64_t kMaxLogNumber = 9'999'999'999;  // ten digits

// One binary of a release.
struct ReleaseFile {
  Hash hash;
  std::uint64_t size = 0;  // bytes
  friend bool operator==(const ReleaseFile&, const ReleaseFile&) = default;
};

// One binary per platform, named together: {"linux-x86_64-gnu": …}.
using Release = std::map<std::string, ReleaseFile, std::less<>>;

// Whose entry a promoted one repeats.
struct Origin {
  std::string storage;       // its describe()
  std::uint64_t number = 0;  // in that storage's log of the class
  friend bool operator==(const Origin&, const Origin&) = default;
};

struct LogEntry {
  std::uint64_t number;
  std::optional<Hash> previous;  // of the bytes of entry number - 1; nothing for entry 1
  std::string class_name;
  Hash hash;  // of the first file that was pushed: what a reader takes who knows no platforms
  Release release;
  std::string time;  // UTC: "2025-11-03T09:30:00Z"
  std::string by;    // "ann@build7"
  std::string message;
  std::string write_id;  // random: tells one's own write from another's after a broken connection
  std::optional<std::string> expires;  // a time; nothing: never
  // Of a promotion (promote.hpp); the text of other entries does not have it.
  std::optional<Origin> from = {};

  friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

// Stable: the same entry always gives the same bytes. Text that is not UTF-8, or has a NUL,
// is kUsage.
std::string to_json(const LogEntry& entry);

// Throws kCorrupt, naming `key` and what is wrong where: for text that is no JSON (line and
// column), missing or doubled members, wrong types, times and numbers, texts with a NUL, a `hash`
// that the release does not have. Unknown members are passed over, so that later versions can add some.
LogEntry parse_log_entry(std::string_view json, std::string_view key);

// Throws kUsage for a message that no entry can hold: not UTF-8, with a NUL, or larger than
// kMaxMessageBytes.
void require_message(std::string_view message);

// "2025-11-03T09:30:00Z".
std::string utc_time(std::chrono::system_clock::time_point time);

}  // namespace pet
