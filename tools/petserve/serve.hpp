// serve: petserve's work, from its options to its end.
#pragma once

#include "tools/petserve/options.hpp"

namespace pet::tools {

// Until a byte can be read from `stop`. The exit status: 1 when requests were cut off at the end.
// Throws: kUsage for options that make no sense; what opening storage and cache throws.
int serve(const ServeOptions& options, int stop);

}  // namespace pet::tools
