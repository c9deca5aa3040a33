// Files that the command line names: binaries to read, and what --out writes. Data files are read
// by tools/data.
//
// Throws: kUsage when a file is not there or cannot be read, with the next step; what else is wrong
//         with a binary keeps its code. Of outputs as data_file.hpp says.
#pragma once

#include <string>
#include <string_view>

#include "core/artifact/binary.hpp"
#include "core/artifact/facts.hpp"
#include "storage/error.hpp"

namespace pet::tools {

struct PluginFile {
  Binary binary;
  Facts facts;
};

PluginFile read_plugin(const std::string& file);

// The same error, as whoever named the file needs it.
Error about_plugin_file(const Error& error);

// Whole or not at all, as DataWriter.
void write_output(const std::string& file, std::string_view bytes);

}  // namespace pet::tools
