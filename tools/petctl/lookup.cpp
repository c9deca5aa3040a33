#include "tools/petctl/lookup.hpp"

#include <string_view>

#include "core/artifact/class_name.hpp"
#include "storage/key.hpp"
#include "tools/petctl/output.hpp"

namespace pet::tools {
namespace {

constexpr std::size_t kFewestDigits = 6;     // as many as petctl list shows
constexpr std::string_view kEllipsis = "…";  // and what it shows after them

bool are_hex_digits(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The version that `digits` are the first digits of.
Hash version_of(const PetClassManager& manager, const std::string& name,
                const std::string& digits) {
  std::vector<std::string> meant;
  for (const StoredVersion& version : manager.versions(name)) {
    if (version.stored && version.hash.hex().starts_with(digits)) {
      meant.push_back(version.hash.hex());
    }
  }
  if (meant.size() == 1) return Hash::require(meant.front());
  const Error::Subject subject{.class_name = name, .hash = digits, .key = {}};
  if (meant.empty()) {
    manager.history(name);  // throws when there is no class of that name
    throw Error(ErrorCode::kVersionNotFound,
                "no version of " + name + " in " + manager.storage() + " begins with " + digits +
                    "\n  try: petctl list " + name + " --storage '" + manager.storage() + "'",
                subject);
  }
  std::string text = "several versions of " + name + " begin with " + digits + ":";
  for (const std::string& hash : meant) text += "\n  " + hash;
  throw Error(ErrorCode::kUsage, text + "\n  try: more digits", subject);
}

}  // namespace

WantedVersion wanted_version(const PetClassManager& manager, const std::string& target) {
  const std::size_t at = target.find('@');
  const std::string name = target.substr(0, at);
  require_class_name(name);
  if (at == std::string::npos) return {name, std::nullopt};
  std::string text = target.substr(at + 1);
  if (text.ends_with(kEllipsis)) text.resize(text.size() - kEllipsis.size());
  const bool begins_one = text.size() >= kFewestDigits && text.size() < 2 * Hash::kBytes;
  if (begins_one && are_hex_digits(text)) return {name, version_of(manager, name, text)};
  try {
    return {name, Hash::require(text)};
  } catch (const Error& error) {
    throw Error(
        error.code(),
        pet::quoted(text) +
            " is not a version: expected a SHA-256 as 64 lower-case hex digits, or its first "
            "digits, 6 at least\n  try: petctl list " +
            name,
        {.class_name = name, .hash = text, .key = {}});
  }
}

std::vector<std::string> builtin_names(const Container& container) {
  std::vector<std::string> names;
  for (const auto& [name, clazz] : container.pif) {
    if (!clazz.hash()) names.push_back(name);
  }
  return names;
}

Error about_class(const Error& error, const std::string& name, const Container& container) {
  if (error.code() != ErrorCode::kClassNotFound) return error;
  std::string hint;
  if (const auto builtin = container.pif.get(name); builtin && !builtin->hash()) {
    hint = "\n  " + name +
           " is built in: it has no binary and no log\n  try: petctl list --builtin " + name;
  } else {
    hint = suggestion(name, container.pcm.similar_names(name));
    if (hint.empty()) {
      hint = suggestion(name, builtin_names(container));
      if (!hint.empty()) hint += " (built in: petctl list --builtin)";
    }
  }
  return {error.code(),
          error.what() + hint,
          {.class_name = name, .hash = error.hash(), .key = error.key()}};
}

}  // namespace pet::tools
