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

}  // namespace

Check check_settings(Settings& settings) {
  complete(settings);
  const auto file = config_file(settings);
  return Check::ok(file ? "config file " + pet::quoted(*file) : "no config file");
}

Check check_home() {
  const char* const value = std::getenv("HOME");
  const std::string home = value == nullptr ? "" : value;
  std::error_code ignored;
  if (!fs::path(home).is_absolute()) {
    return Check::warning(home.empty() ? "HOME is not set" : "HOME is no absolute path",
                          "set HOME; without it the storage and the cache have to be named");
  }
  if (!fs::is_directory(home, ignored)) {
    return Check::warning("HOME is " + pet::quoted(home) + ", where no directory is",
                          "make it; or name the storage and the cache");
  }
  for (const char* const name : {"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"}) {
    const char* const place = std::getenv(name);
    if (place == nullptr || *place == '\0' || fs::path(place).is_absolute()) continue;
    return Check::warning(std::string(name) + " is " + pet::quoted(place) +
                              ", which is no absolute path and therefore counts for nothing",
                          std::string("a path that begins with '/', or unset ") + name);
  }
  return Check::ok(pet::quoted(home));
}

Check check_platform() {
  const Machine& machine = Machine::current();
  std::string found = machine.platform;
  if (!machine.glibc.empty()) found += ", glibc " + machine.glibc;
  if (!machine.isa_levels.empty()) found += ", " + machine.isa_levels.back();
  return Check::ok(std::move(found));
}

Check check_http() { return Check::ok(http_library()); }

}  // namespace pet::tools
