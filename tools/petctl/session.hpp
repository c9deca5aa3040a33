// Session: the container of one petctl run, made from its settings.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/factory/container.hpp"
#include "tools/petctl/settings.hpp"

namespace pet::tools {

// The folder of the cache directory in which wrappers such as Cached keep predictions and fitted
// models.
inline constexpr const char* kBlobs = "blobs";

enum class SessionUse {
  kLook,  // at storage and files: the cache directory is not touched before it is needed
  kRun,   // instances, which may keep blobs in the cache directory
};

// Opens storage and cache; completes `settings` first. Built-ins are bound.
std::unique_ptr<Container> open_session(Settings& settings, SessionUse use = SessionUse::kLook);

// Registers the binaries of --plugin, pushed or not: they win over what storage calls latest. Gives
// their classes, in that order; two of one class are kUsage.
std::vector<PetClass> bind_plugins(Container& container, const std::vector<std::string>& files);

// "linux-x86_64-gnu": where this machine's binaries run.
std::string this_platform();

}  // namespace pet::tools
