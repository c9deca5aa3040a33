// The options of a command line that every program with a session has: --storage, --cache, --config.
#pragma once

#include "tools/session/settings.hpp"

namespace CLI {
class App;
}

namespace pet::tools {

// REQUIRES: `settings` outlives `app`.
void add_session_options(CLI::App& app, Settings& settings);

}  // namespace pet::tools
