// Observer: what happened, for whoever wants to know. The library itself prints nothing.
//
//   pet::Container container({.observer = [](const pet::Event& event) { log(pet::to_string(event)); }});
//
// Threads: an observer may be called from any thread, also from several at once. It must not throw:
//          what it throws is dropped. It may call back into the object that reported: it is told of
//          a load when that is done and nobody waits for it (held_events.hpp).
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace pet {

enum class EventKind {
  kLazyPull,       // a name was resolved from storage; its binary may come from the cache
  kExactVersion,   // a name and hash were fetched from storage
  kCacheHit,       // a binary came from the cache on this machine
  kPublish,        // a log entry was written
  kRefusal,        // gate, integrity or trust said no
  kQuarantine,     // a damaged file was taken out of the cache
  kDamage,         // a damaged hint or document was survived; the message says which
  kPassedOver,     // a storage of a chain was bad, another is asked; the message says why
  kUnload,         // a library left the process, verified
  kStaysResident,  // a library should have left and did not; the message says why
  kPluginLog,      // a plugin wrote to its log
};

struct Event {
  EventKind kind;
  std::string class_name;
  std::string hash;     // 64 hex digits, or empty
  std::string source;   // "cache", "built in", a file, or a storage's describe()
  std::string message;  // may be empty
  std::chrono::nanoseconds duration{0};
};

using Observer = std::function<void(const Event&)>;

// One line, with the short hash: "lazy_pull MyFilter 3fa9c1… from file:///srv/pets (12.3 ms)".
std::string to_string(const Event& event);
std::string_view to_string(EventKind kind) noexcept;

// Calls the observer if there is one, now or when the work in progress is done, and drops what it
// throws.
void notify(const Observer& observer, const Event& event) noexcept;

}  // namespace pet
