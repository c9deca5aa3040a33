// json_document: JSON text ↔ a ParamValue tree, without any meaning. What a config's objects stand
// for is read in config.hpp.
//
//   pet::ParamValue tree = pet::parse_json(text, {.source = "pipeline.json"});
//   std::string text = pet::to_json(tree, 1);      // as Python's json.dumps(tree, indent=1)
//
// The text is not trusted: parsing keeps its own stack, and bytes, nesting, values and keys are
// bounded. Integers are int64, everything with a point or an exponent is float64, so that 1 and 1.0
// stay apart; NaN, Infinity and -Infinity are read and written as Python's json module does. Keys
// are unique.
//
// Threads: free functions without state; call them from anywhere.
// Throws:  kBadConfig with line and column (both from 1, columns in characters), what was expected,
//          what stood there, and the line itself.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/loader/param_value.hpp"

namespace pet {

struct JsonOptions {
  std::string source = "JSON";  // how messages name the text: a file's name, say
  std::size_t max_bytes = std::size_t{64} << 20;
  std::size_t max_depth = 256;         // objects and lists within one another
  std::size_t max_values = 2'000'000;  // a value takes some 40 bytes in memory, two in the text
  std::size_t max_fields = 10'000;     // of one object: ParamObject looks keys up linearly
};

ParamValue parse_json(std::string_view text, const JsonOptions& options = {});

// The same of a whole file, which messages name by its path unless options.source was set.
ParamValue parse_json_file(const std::filesystem::path& path, JsonOptions options = {});

// Text as Python's json.dumps writes it: indent 0 is one line, floats are the shortest text that
// reads back the same ("1.0", "1e-05"), keys keep their order. Unlike Python's default, text
// outside ASCII is written as it is. Instances become their item_dump, classes {"clazz",
// "version_hash"}. Throws kBadParams when a text is not UTF-8.
std::string to_json(const ParamValue& value, unsigned indent = 0);

// A float64 as Python's repr writes it; NaN, Infinity, -Infinity.
std::string python_float(double value);

// A text in quotes, escaped. Throws kBadParams when it is not UTF-8.
std::string quoted_json(std::string_view text);

}  // namespace pet
