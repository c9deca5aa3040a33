// Which class and version a text of the command line means, and what petctl says of a name that a
// storage does not have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/artifact/hash.hpp"
#include "core/factory/container.hpp"
#include "storage/error.hpp"

namespace pet::tools {

// The same error, for kClassNotFound of the class that a verb was asked for: with the names that
// were meant, or what the name is instead (a built-in has no log and no binary).
Error about_class(const Error& error, const std::string& name, const Container& container);

// Calls `ask`; a class that is not found is thrown as about_class() says it.
template <class Ask>
auto asking_for(const std::string& name, const Container& container, const Ask& ask) {
  try {
    return ask();
  } catch (const Error& error) {
    throw about_class(error, name, container);
  }
}

// CLASS, CLASS@HASH or CLASS@FIRST-DIGITS, six at least, with or without the "…" that petctl shows.
struct WantedVersion {
  std::string class_name;
  std::optional<Hash> hash;  // nothing: the latest
};
// Asks the storage only what first digits mean. Throws kInvalidName, kInvalidHash, kVersionNotFound,
// and kUsage for digits that several versions begin with.
WantedVersion wanted_version(const PetClassManager& manager, const std::string& target);

// The built-in classes' names, aliases among them.
std::vector<std::string> builtin_names(const Container& container);

}  // namespace pet::tools
