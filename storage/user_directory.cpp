#include "storage/user_directory.hpp"

#include <array>
#include <cstdlib>

namespace pet {
namespace {

struct Place {
  UserDirectory which;
  const char* variable;
  const char* below_home;
};

constexpr std::array kPlaces{
    Place{UserDirectory::kCache, "XDG_CACHE_HOME", ".cache"},
    Place{UserDirectory::kConfig, "XDG_CONFIG_HOME", ".config"},
    Place{UserDirectory::kData, "XDG_DATA_HOME", ".local/share"},
};

// Empty unless the variable holds an absolute path.
std::filesystem::path absolute_path_in(const char* variable) {
  const char* const value = std::getenv(variable);
  std::filesystem::path path = value == nullptr ? "" : value;
  return path.is_absolute() ? path : std::filesystem::path();
}

}  // namespace

std::filesystem::path user_directory(UserDirectory which) {
  for (const Place& place : kPlaces) {
    if (place.which != which) continue;
    if (auto named = absolute_path_in(place.variable); !named.empty()) return named;
    const std::filesystem::path home = absolute_path_in("HOME");
    return home.empty() ? home : home / place.below_home;
  }
  return {};
}

}  // namespace pet
