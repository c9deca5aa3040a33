// Session: the container of one run of a program, made from its settings.
#pragma once

#include <memory>

#include "core/factory/container.hpp"
#include "tools/session/settings.hpp"

namespace pet::tools {

// The folder of the cache directory in which wrappers such as Cached keep predictions and fitted
// models.
inline constexpr const char* kBlobs = "blobs";

enum class SessionUse {
  kLook,  // at storage and files: the cache directory is not touched before it is needed
  kRun,   // instances, which may keep blobs in the cache directory
};

// Opens storage and cache; completes `settings` first. Built-ins are bound.
std::unique_ptr<Container> open_session(Settings& settings, SessionUse use,
                                        const Observer& observer);

// Whether an event concerns everybody, also who did not ask to be told: damage that was survived, a bad
// storage of a chain, what plugins say.
bool is_warning(EventKind kind);

}  // namespace pet::tools
