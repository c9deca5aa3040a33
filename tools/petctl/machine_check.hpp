// What petctl doctor looks at on this machine, beside the cache, which core looks at itself.
//
// Threads: any, as long as none changes the environment. Throws: pet::Error, which is a failure.
#pragma once

#include "storage/check.hpp"
#include "tools/petctl/settings.hpp"

namespace pet::tools {

// Completes the settings; what stands in the way is the config file's, or HOME's.
Check check_settings(Settings& settings);

// HOME and the XDG variables.
Check check_home();

// What the gate lets pass here.
Check check_platform();

// libcurl, and the library that it encrypts with.
Check check_http();

}  // namespace pet::tools
