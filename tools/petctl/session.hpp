// Session: the container of one petctl run, made from its settings.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tools/session/session.hpp"

namespace pet::tools {

// Of petctl: what is observed goes to stderr, as far as `settings` want it.
std::unique_ptr<Container> open_session(Settings& settings, SessionUse use = SessionUse::kLook);

// Registers the binaries of --plugin, pushed or not: they win over what storage calls latest. Gives
// their classes, in that order; two of one class are kUsage.
std::vector<PetClass> bind_plugins(Container& container, const std::vector<std::string>& files);

// "linux-x86_64-gnu": where this machine's binaries run.
std::string this_platform();

}  // namespace pet::tools
