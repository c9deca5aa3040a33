// What is wrong with a command line: said once for all programs.
//
//   try {
//     app.parse(argc, argv);
//   } catch (const CLI::ParseError& error) {
//     if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
//     throw usage_error(app, error);
//   }
//   require_texts(app);
#pragma once

#include "storage/error.hpp"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace pet::tools {

// Names what was not understood or is missing, what it may have meant, and whose --help to ask.
// REQUIRES: `app` has read the command line, and has its program's name.
Error usage_error(const CLI::App& app, const CLI::ParseError& error);

// Throws kUsage for a file, a directory or a storage that is given as an empty text, as by a script's unset
// variable: it would mean that it was not given.
void require_texts(const CLI::App& app);

}  // namespace pet::tools
