// Facts and verdict in words (petctl inspect) and as JSON (inspect --json, and the facts beside a pushed binary).
//
// Facts in storage are advisory: whoever loads a binary reads the binary itself.
//
// Threads: pure functions.
#pragma once

#include <string>

#include "core/artifact/facts.hpp"
#include "core/artifact/gate.hpp"
#include "core/artifact/hash.hpp"

namespace pet {

// Lines of "name: value", a table of the parameters and the verdict; ends with a newline.
std::string describe(const Facts& facts, const Hash& hash, const Verdict& verdict);

// The same of a compiled-in class, which has no file.
std::string describe(const ClassFacts& clazz);

// plugins/<Class>/<hash>.json: {"class_name", "hash", "platform", …, "parameters": […]}; stable key order, so
// that the same binary always has the same facts file.
std::string facts_json(const Facts& facts, const Hash& hash);

// facts_json's object, with "loadable", "problems" and "warnings" added.
std::string inspect_json(const Facts& facts, const Hash& hash, const Verdict& verdict);

// The class part alone.
std::string class_json(const ClassFacts& clazz);

}  // namespace pet
