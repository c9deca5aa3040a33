#include <pwd.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "core/registry/writer_identity.hpp"

namespace pet {
namespace {

std::string user() {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  const uid_t self = ::geteuid();
  if (::getpwuid_r(self, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return "uid" + std::to_string(self);
}

std::string host() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

}  // namespace

std::string user_at_host() {
  // Looked up once: each look reads the user database.
  static const std::string found = [] {
    std::string text = user() + "@" + host();
    for (char& c : text) {
      if (c < 0x20 || c > 0x7e) c = '?';
    }
    return text;
  }();
  return found;
}

}  // namespace pet
