#include "tools/petserve/log.hpp"

#include <array>
#include <cstdio>
#include <string>

#include "core/artifact/note_reader.hpp"
#include "core/pipeline/json_document.hpp"
#include "core/registry/log_entry.hpp"
#include "storage/key.hpp"
#include "tools/session/terminal_text.hpp"

namespace pet::tools {
namespace {

constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};

std::string_view name_of(LogLevel level) { return kLevels[static_cast<std::size_t>(level)]; }

ParamValue printable(const ParamValue& value) {
  const std::string* const text = value.if_text();
  return text == nullptr || is_utf8(*text) ? value : ParamValue(pet::quoted(*text));
}

std::string json_line(const std::string& time, LogLevel level, std::string_view event,
                      const ParamObject& fields) {
  ParamObject line{{"time", time}, {"level", name_of(level)}, {"event", event}};
  for (const auto& [key, value] : fields.fields()) line.set(key, printable(value));
  return to_json(ParamValue(std::move(line)));
}

// "09:30:00 info    version model=iris version=3 state=current"
std::string text_line(const std::string& time, LogLevel level, std::string_view event,
                      const ParamObject& fields) {
  std::string line = time.substr(11, 8) + " " + std::string(name_of(level));
  line.resize(17, ' ');
  line += event;
  for (const auto& [key, value] : fields.fields()) {
    const std::string* const text = value.if_text();
    line += " " + key + "=" + (text == nullptr ? to_json(value) : *text);
  }
  return one_line(line);
}

}  // namespace

std::optional<LogLevel> log_level_of(std::string_view text) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i] == text) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

void Log::write(LogLevel level, std::string_view event, const ParamObject& fields) const noexcept {
  if (!wants(level)) return;
  try {
    const std::string time = utc_time(std::chrono::system_clock::now());
    const std::string line =
        (format_ == LogFormat::kJson ? json_line : text_line)(time, level, event, fields) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
  } catch (...) {
  }
}

}  // namespace pet::tools
