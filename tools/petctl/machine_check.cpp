#include "tools/petctl/machine_check.hpp"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "core/artifact/machine.hpp"
#include "storage/http/http_client.hpp"
#include "storage/key.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;

Check warning(const char* name, std::string found, std::string next_step) {
  return {.name = name,
          .status = CheckStatus::kWarning,
          .found = std::move(found),
          .next_step = std::move(next_step)};
}

}  // namespace

Check check_settings(Settings& settings) {
  constexpr const char* kName = "settings";
  try {
    complete(settings);
  } catch (const Error& error) {
    return failed_check(kName, error);
  }
  const auto file = config_file(settings);
  return {.name = kName,
          .status = CheckStatus::kOk,
          .found = file ? "config file " + pet::quoted(*file) : "no config file"};
}

Check check_home() {
  constexpr const char* kName = "home";
  const char* const value = std::getenv("HOME");
  const std::string home = value == nullptr ? "" : value;
  std::error_code ignored;
  if (!fs::path(home).is_absolute()) {
    return warning(kName, home.empty() ? "HOME is not set" : "HOME is no absolute path",
                   "set HOME; without it the storage and the cache have to be named");
  }
  if (!fs::is_directory(home, ignored)) {
    return warning(kName, "HOME is " + pet::quoted(home) + ", where no directory is",
                   "make it; or name the storage and the cache");
  }
  for (const char* const name : {"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"}) {
    const char* const place = std::getenv(name);
    if (place == nullptr || *place == '\0' || fs::path(place).is_absolute()) continue;
    return warning(kName,
                   std::string(name) + " is " + pet::quoted(place) +
                       ", which is no absolute path and therefore counts for nothing",
                   std::string("a path that begins with '/', or unset ") + name);
  }
  return {.name = kName, .status = CheckStatus::kOk, .found = pet::quoted(home)};
}

Check check_platform() {
  const Machine& machine = Machine::current();
  std::string found = machine.platform;
  if (!machine.glibc.empty()) found += ", glibc " + machine.glibc;
  if (!machine.isa_levels.empty()) found += ", " + machine.isa_levels.back();
  return {.name = "platform", .status = CheckStatus::kOk, .found = std::move(found)};
}

Check check_http(bool is_needed) {
  constexpr const char* kName = "http";
  if (!is_needed) {
    return {.name = kName,
            .status = CheckStatus::kSkipped,
            .found = "libcurl is not needed for this storage"};
  }
  try {
    return {.name = kName, .status = CheckStatus::kOk, .found = http_library()};
  } catch (const Error& error) {
    return failed_check(kName, error);
  }
}

}  // namespace pet::tools
