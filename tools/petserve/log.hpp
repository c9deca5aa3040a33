// Log: what happens, a line each on stderr: for people where that is a terminal, else a JSON object.
//
//   Log log(LogFormat::kJson, LogLevel::kInfo);
//   log.write(LogLevel::kInfo, "version", {{"model", "iris"}, {"version", 3}, {"state", "current"}});
//   {"time":"2025-11-03T09:30:00Z","level":"info","event":"version","model":"iris",…}
//
// Threads: any; a line is written whole.
// Throws:  nothing; a line that cannot be written is lost.
#pragma once

#include <optional>
#include <string_view>

#include "core/loader/param_value.hpp"

namespace pet::tools {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kJson, kText };

// Nothing for another text.
std::optional<LogLevel> log_level_of(std::string_view text);

class Log {
 public:
  Log(LogFormat format, LogLevel least) : format_(format), least_(least) {}

  bool wants(LogLevel level) const noexcept { return level >= least_; }
  void write(LogLevel level, std::string_view event, const ParamObject& fields) const noexcept;

 private:
  const LogFormat format_;
  const LogLevel least_;
};

}  // namespace pet::tools
