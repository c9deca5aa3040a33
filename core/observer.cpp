#include "core/observer.hpp"

#include <cstdio>

#include "core/held_events.hpp"

namespace pet {
namespace {

thread_local HeldEvents* held_here = nullptr;

}  // namespace

std::string_view to_string(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::kLazyPull:
      return "lazy_pull";
    case EventKind::kExactVersion:
      return "exact_version";
    case EventKind::kCacheHit:
      return "cache_hit";
    case EventKind::kPublish:
      return "publish";
    case EventKind::kRefusal:
      return "refusal";
    case EventKind::kQuarantine:
      return "quarantine";
    case EventKind::kDamage:
      return "damage";
    case EventKind::kPassedOver:
      return "passed_over";
    case EventKind::kUnload:
      return "unload";
    case EventKind::kStaysResident:
      return "stays_resident";
    case EventKind::kPluginLog:
      return "plugin_log";
  }
  return "unknown";
}

std::string to_string(const Event& event) {
  std::string text(to_string(event.kind));
  if (!event.class_name.empty()) text += " " + event.class_name;
  if (!event.hash.empty()) text += " " + event.hash.substr(0, 6) + "…";
  if (!event.source.empty()) text += " from " + event.source;
  if (event.duration.count() > 0) {
    char duration[32];
    std::snprintf(duration, sizeof duration, " (%.1f ms)",
                  static_cast<double>(event.duration.count()) / 1e6);
    text += duration;
  }
  if (!event.message.empty()) text += ": " + event.message;
  return text;
}

void notify(const Observer& observer, const Event& event) noexcept {
  if (!observer) return;
  try {
    if (held_here != nullptr) return held_here->keep(observer, event);
    observer(event);
  } catch (...) {
    // An observer only watches: what it cannot write down must not fail the work that it watches.
  }
}

HeldEvents::HeldEvents() noexcept {
  if (held_here == nullptr) held_here = this;
}

HeldEvents::~HeldEvents() {
  if (held_here != this) return;
  held_here = nullptr;
  for (const auto& [observer, event] : kept_) notify(observer, event);
}

HeldEvents* HeldEvents::here() noexcept { return held_here; }

// A copy of the observer: what owns it may be gone when it is told.
void HeldEvents::keep(const Observer& observer, const Event& event) {
  const std::lock_guard lock(mutex_);
  kept_.emplace_back(observer, event);
}

HeldEvents::Share::Share(HeldEvents* held) noexcept : before_(held_here) { held_here = held; }
HeldEvents::Share::~Share() { held_here = before_; }

}  // namespace pet
