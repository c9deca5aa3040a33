// What petctl says of a name that a storage does not have.
#pragma once

#include <string>
#include <vector>

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

// The built-in classes' names, aliases among them.
std::vector<std::string> builtin_names(const Container& container);

}  // namespace pet::tools
