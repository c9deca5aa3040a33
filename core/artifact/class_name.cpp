#include "core/artifact/class_name.hpp"

#include <string>

#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

// Not isalpha: its answer depends on the locale.
bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace

bool is_class_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > kMaxClassNameLength || !is_letter(name[0])) return false;
  for (const char c : name) {
    if (!is_letter(c) && !is_digit(c)) return false;
  }
  return true;
}

void require_class_name(std::string_view name) {
  if (is_class_name(name)) return;
  throw Error(ErrorCode::kInvalidName,
              quoted(name) +
                  " is not a class name: expected a letter or '_', then letters, digits and '_', " +
                  std::to_string(kMaxClassNameLength) + " characters at most",
              {.class_name = std::string(name), .hash = {}, .key = {}});
}

}  // namespace pet
