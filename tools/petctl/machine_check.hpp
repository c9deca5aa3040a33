// What petctl doctor looks at on this machine, beside the cache, which core looks at itself.
//
// Threads: any, as long as none changes the environment. Throws: nothing of what is looked at.
#pragma once

#include "storage/check.hpp"
#include "tools/petctl/settings.hpp"

namespace pet::tools {

// settings: completes them; what stands in the way is the config file's, or HOME's.
Check check_settings(Settings& settings);

// home: HOME and the XDG variables.
Check check_home();

// platform: what the gate lets pass here.
Check check_platform();

// http: libcurl, and the library that it encrypts with; skipped unless `is_needed`.
Check check_http(bool is_needed);

}  // namespace pet::tools
