#include "tools/session/usage.hpp"

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "storage/key.hpp"
#include "tools/session/terminal_text.hpp"

namespace pet::tools {
namespace {

// The verb that was given; null without one, and in a program that has none.
const CLI::App* verb_of(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? nullptr : given.front();
}

std::vector<const CLI::App*> all_verbs(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::string help_of(const CLI::App& app) {
  const CLI::App* const verb = verb_of(app);
  return "\n  try: " + app.get_name() + (verb == nullptr ? "" : " " + verb->get_name()) + " --help";
}

// The names that a mistyped word could have meant: verbs, or options of the verb that was given.
std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  const CLI::App* const verb = verb_of(app);
  for (const CLI::App* scope : {&app, verb == nullptr ? &app : verb}) {
    for (const CLI::Option* option : scope->get_options()) {
      for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
    }
  }
  if (verb != nullptr) return words;
  for (const CLI::App* each : all_verbs(app)) words.push_back(each->get_name());
  return words;
}

// The first argument that must be given and was not, by the name that --help shows.
std::string missing_argument(const CLI::App& scope) {
  for (const CLI::Option* option : scope.get_options()) {
    if (!option->get_required() || option->count() != 0) continue;
    const std::string name =
        option->get_lnames().empty() ? "" : option->get_name(false, true) + " ";
    return scope.get_name() + " needs " + name + option->get_type_name();
  }
  return scope.get_name() + " needs more arguments";
}

// CLI11 says "Could not convert: --poll = soon". All that is converted is a number.
std::string not_a_number(const CLI::App& scope, const std::string& said) {
  const std::size_t begin = said.find("--");
  const std::size_t end = said.find(" = ");
  if (begin == std::string::npos || end == std::string::npos || end < begin) return said;
  const std::string name = said.substr(begin, end - begin);
  const CLI::Option* const option = scope.get_option_no_throw(name);
  if (option == nullptr) return said;
  return name + ": expected a number (" + option->get_type_name() + "), got " +
         pet::quoted(said.substr(end + 3));
}

std::string what_is_wrong(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* const verb = verb_of(app);
  const CLI::App& scope = verb == nullptr ? app : *verb;
  if (verb == nullptr && !all_verbs(app).empty()) {
    return app.remaining().empty() ? "a verb is missing"
                                   : "no verb or option " + pet::quoted(app.remaining().front());
  }
  if (error.get_name() == "RequiredError") return missing_argument(scope);
  if (error.get_name() == "ConversionError") return not_a_number(scope, error.what());
  return error.what();
}

bool names_a_place(const std::string& kind) {
  return kind == "FILE" || kind == "DIR" || kind == "URL" || kind.ends_with(".json");
}

}  // namespace

Error usage_error(const CLI::App& app, const CLI::ParseError& error) {
  std::string hint;
  for (const std::string& word : app.remaining(true)) {
    hint = suggestion(word.substr(0, word.find('=')), known_words(app));
    if (!hint.empty()) break;
  }
  return {ErrorCode::kUsage, what_is_wrong(app, error) + hint + help_of(app)};
}

void require_texts(const CLI::App& app) {
  const CLI::App* const verb = verb_of(app);
  for (const CLI::App* scope : {&app, verb == nullptr ? &app : verb}) {
    for (const CLI::Option* option : scope->get_options()) {
      const std::string kind = option->get_type_name();
      for (const std::string& value : option->results()) {
        if (!value.empty() || !names_a_place(kind)) continue;
        throw Error(ErrorCode::kUsage, option->get_name(false, true) +
                                           " was given an empty text, expected a name (" + kind +
                                           ")" + help_of(app));
      }
    }
  }
}

}  // namespace pet::tools
