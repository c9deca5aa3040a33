// status_page: the page at /, in one piece: its style and its script stand in it, and the policy that
// goes with it allows exactly these two, by their hashes.
//
// Its parts are status_page.html, .css and .js beside this file, put together when it is built.
#pragma once

#include "tools/petserve/http.hpp"

namespace pet::tools {

HttpAnswer status_page();

}  // namespace pet::tools
