// A log entry as petctl shows it.
#pragma once

#include <string>

#include "core/loader/param_value.hpp"
#include "core/registry/log_entry.hpp"

namespace pet::tools {

ParamObject entry_json(const LogEntry& entry);

// The message, and where a promoted entry came from. Not yet fit for a terminal: one_line().
std::string entry_message(const LogEntry& entry);

}  // namespace pet::tools
