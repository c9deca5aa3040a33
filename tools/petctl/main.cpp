// petctl: the command line of authors and operators. Here a command line is read, its verb run, and what was
// thrown told; the verbs and their options are declared in command_line.cpp.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "storage/error.hpp"
#include "tools/petctl/command_line.hpp"
#include "tools/petctl/output.hpp"
#include "tools/session/usage.hpp"

namespace pet::tools {
namespace {

// Whether --json was given, also on a command line that cannot be parsed.
bool wants_json(int argc, char** argv) {
  return std::any_of(argv, argv + argc,
                     [](const char* word) { return std::string_view(word) == "--json"; });
}

// Offline nothing is asked, so that a name which only the storage knows is not found either.
Error offline_hint(const Error& error, const Settings& settings) {
  const std::string text = error.what();
  const bool is_name = error.code() == ErrorCode::kClassNotFound;
  if (!settings.offline || (!is_name && error.code() != ErrorCode::kStorageUnreachable) ||
      text.find("without --offline") != std::string::npos) {
    return error;
  }
  return {error.code(),
          text + "\n  try: without --offline" +
              (is_name ? "; names need the storage: pin the config while online (petctl pin)" : ""),
          {.class_name = error.class_name(), .hash = error.hash(), .key = error.key()}};
}

int main_of(int argc, char** argv) {
  CLI::App app{
      "petctl ships compiled C++ classes between machines and runs pipelines made of them."};
  app.name("petctl");
  app.set_version_flag("--version", "petctl " PET_VERSION_TEXT);
  app.footer(
      "Exit status: 0 done, 1 failed, 2 usage, 3 not found, 4 refused, 5 storage unreachable.\n"
      "Example:\n  petctl push MyFilter/build/MyFilter.so --message 'first version'\n"
      "  petctl run pipeline.json --x-train iris.csv --x iris.csv --target target");
  app.require_subcommand(1);
  CommandLine line;
  line.declare(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    print_error(usage_error(app, error), wants_json(argc, argv));
    return exit_status(ErrorCode::kUsage);
  }
  if (line.settings.json) reserve_stdout();
  try {
    require_texts(app);
    line.action();
    const int status = flush_output();
    return status == 0 && !line.succeeded ? 1 : status;
  } catch (const ReportedError& error) {
    print_error(offline_hint(error, line.settings), line.settings.json, error.report());
    return error.exit_status();
  } catch (const Error& error) {
    print_error(offline_hint(error, line.settings), line.settings.json);
    return exit_status(error.code());
  }
}

// A class may call std::exit, with any status: who ends the program from within has not done what
// was asked for.
class ExitGuard {
 public:
  explicit ExitGuard(bool json) {
    json_ = json;
    std::atexit(judge);
  }
  ~ExitGuard() { has_returned_ = true; }
  ExitGuard(const ExitGuard&) = delete;
  ExitGuard& operator=(const ExitGuard&) = delete;

 private:
  static void judge() {
    if (has_returned_) return;
    print_error(Error(ErrorCode::kPluginError,
                      "a class ended the program (it called exit)\n  try: --verbose tells which "
                      "ones were loaded"),
                json_);
    flush_output();
    std::_Exit(exit_status(ErrorCode::kPluginError));
  }

  static inline bool has_returned_ = false;
  static inline bool json_ = false;
};

}  // namespace
}  // namespace pet::tools

int main(int argc, char** argv) {
  pet::tools::ExitGuard guard(pet::tools::wants_json(argc, argv));
  try {
    return pet::tools::main_of(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", pet::tools::paragraph(error.what()).c_str());
    if (pet::tools::wants_json(argc, argv)) {
      pet::tools::print_json(pet::ParamObject{
          {"error", pet::ParamObject{{"code", "failed"}, {"message", error.what()}}}});
    }
    return 1;
  }
}
