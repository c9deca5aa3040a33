// petctl: the command line of authors and operators. Here a command line is read, its verb run, and what was
// thrown told; the verbs and their options are declared in command_line.cpp.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "storage/error.hpp"
#include "tools/petctl/command_line.hpp"
#include "tools/petctl/output.hpp"

namespace pet::tools {
namespace {

// The names that a mistyped word could have meant: verbs, or options of the verb that was given.
std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  const auto verbs = app.get_subcommands();
  for (const CLI::App* scope :
       {&app, verbs.empty() ? &app : static_cast<const CLI::App*>(verbs.front())}) {
    for (const CLI::Option* option : scope->get_options()) {
      for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
    }
  }
  if (verbs.empty()) {
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
      words.push_back(verb->get_name());
    }
  }
  return words;
}

// The first argument of a verb that must be given and was not, by the name that --help shows.
std::string missing_argument(const CLI::App& verb) {
  for (const CLI::Option* option : verb.get_options()) {
    if (option->get_required() && option->count() == 0) {
      return verb.get_name() + " needs " + option->get_type_name();
    }
  }
  return verb.get_name() + " needs more arguments";
}

int report_usage(const CLI::App& app, const CLI::ParseError& error, bool json) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  std::string what = error.what();
  if (app.get_subcommands().empty()) {
    what = app.remaining().empty() ? "a verb is missing"
                                   : "no verb or option '" + app.remaining().front() + "'";
  } else if (error.get_name() == "RequiredError") {
    what = missing_argument(*app.get_subcommands().front());
  }
  std::string hint;
  for (const std::string& word : app.remaining(true)) {
    hint = suggestion(word.substr(0, word.find('=')), known_words(app));
    if (!hint.empty()) break;
  }
  const auto verbs = app.get_subcommands();
  const std::string verb = verbs.empty() ? "" : " " + verbs.front()->get_name();
  print_error(Error(ErrorCode::kUsage, what + hint + "\n  try: petctl" + verb + " --help"), json);
  return exit_status(ErrorCode::kUsage);
}

// What is given as an empty text, an unset variable of a script say, would mean that it was not given.
void require_texts(const CLI::App& verb) {
  for (const CLI::Option* option : verb.get_options()) {
    const std::string kind = option->get_type_name();
    const bool is_file = kind == "FILE" || kind == "DIR" || kind.ends_with(".json");
    for (const std::string& value : option->results()) {
      if (!is_file || !value.empty()) continue;
      throw Error(ErrorCode::kUsage, option->get_name(false, true) +
                                         " was given an empty text, expected a name (" + kind +
                                         ")\n  try: petctl " + verb.get_name() + " --help");
    }
  }
}

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
    return report_usage(app, error, wants_json(argc, argv));
  }
  if (line.settings.json) reserve_stdout();
  try {
    for (const CLI::App* verb : app.get_subcommands()) require_texts(*verb);
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
