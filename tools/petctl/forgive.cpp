// petctl forgive: what services of this machine have rejected, and taking that back.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "core/artifact/class_name.hpp"
#include "core/live/rejections.hpp"
#include "storage/ascii.hpp"
#include "storage/local_storage.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/output.hpp"
#include "tools/session/terminal_text.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFewestDigits = 6;  // of a hash

fs::path directory_of(const ForgiveOptions& options) {
  const fs::path directory =
      options.rejections.empty() ? usual_rejections() : fs::path(options.rejections);
  if (!directory.empty()) return fs::absolute(directory).lexically_normal();
  throw Error(ErrorCode::kUsage,
              "without HOME nothing says where services remember what they rejected"
              "\n  try: --rejections DIR, as petserve has it");
}

// What CLASS, CLASS@HASH or CLASS@FIRST-DIGITS means of them.
std::vector<Rejection> wanted(const std::vector<Rejection>& all, const std::string& target) {
  if (target.empty()) return all;
  const std::size_t at = std::min(target.find('@'), target.size());
  const std::string name = target.substr(0, at);
  const std::string digits = target.substr(std::min(at + 1, target.size()));
  require_class_name(name);
  const bool are_digits = digits.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (at < target.size() && (digits.size() < kFewestDigits || !are_digits)) {
    throw Error(ErrorCode::kInvalidHash,
                "expected a hash or its first digits, 6 at least, after '" + name + "@', got '" +
                    one_line(digits) + "'");
  }
  std::vector<Rejection> meant;
  for (const Rejection& rejection : all) {
    // One whose object is damaged has a hash alone.
    const bool is_class =
        rejection.class_name == name || (rejection.class_name.empty() && !digits.empty());
    if (is_class && rejection.hash.hex().starts_with(digits)) meant.push_back(rejection);
  }
  return meant;
}

Error not_rejected(const std::string& target, const std::vector<Rejection>& all,
                   const fs::path& directory) {
  const std::string name = target.substr(0, target.find('@'));
  std::vector<std::string> names;
  for (const Rejection& rejection : all) names.push_back(rejection.class_name);
  const bool is_name = std::ranges::count(names, name) == 0;
  std::string hint = is_name ? suggestion(name, names) : "";
  if (hint.empty()) {
    hint = "\n  try: petctl forgive, which prints what is; or --rejections DIR, as petserve has it";
  }
  return {ErrorCode::kVersionNotFound,
          "nothing that " + one_line(target) + " means is rejected in " + directory.string() + hint,
          {.class_name = name, .hash = {}, .key = directory.string()}};
}

ParamObject rejection_json(const Rejection& rejection) {
  return {{"class", rejection.class_name},
          {"hash", rejection.hash.hex()},
          {"time", rejection.time},
          {"pipeline", rejection.pipeline},
          {"reason", rejection.reason}};
}

ParamObject document(const char* key, const std::vector<Rejection>& rejections,
                     const fs::path& directory) {
  ParamList list;
  for (const Rejection& rejection : rejections) list.emplace_back(rejection_json(rejection));
  return {{"directory", directory.string()}, {key, std::move(list)}};
}

std::string name_of(const Rejection& rejection) {
  return rejection.class_name.empty() ? "?" : one_line(rejection.class_name);
}

// `said` of each: nothing, or that it was forgiven.
void print(const std::vector<Rejection>& rejections, const std::string& said,
           const fs::path& directory) {
  for (const Rejection& rejection : rejections) {
    print_line(name_of(rejection) + " " + rejection.hash.hex() + "  " + said +
               one_line(rejection.time) + "  " + one_line(rejection.pipeline) + "  " +
               one_line(first_line(rejection.reason)));
  }
  print_line("in " + one_line(directory.string()));
}

// One that cannot be forgiven does not stop the others: all errors but the first are printed here, the first is
// thrown.
void forgive(Rejections& rejections, const std::vector<Rejection>& meant, const Settings& settings,
             const fs::path& directory) {
  std::vector<Rejection> forgiven;
  std::vector<Error> errors;
  for (const Rejection& rejection : meant) {
    try {
      rejections.forgive(rejection.hash);
      forgiven.push_back(rejection);
    } catch (const Error& error) {
      errors.emplace_back(
          error.code(),
          name_of(rejection) + " " + rejection.hash.hex() + " cannot be forgiven: " + error.what(),
          Error::Subject{.class_name = rejection.class_name,
                         .hash = rejection.hash.hex(),
                         .key = error.key()});
    }
  }
  ParamObject report = document("forgiven", forgiven, directory);
  if (!settings.json && !forgiven.empty()) print(forgiven, "forgiven  ", directory);
  if (errors.empty()) {
    if (settings.json) print_json(report);
    return;
  }
  ParamList more;
  for (std::size_t i = 1; i < errors.size(); ++i) {
    more.push_back(error_json(errors[i]));
    print_error(errors[i], false);
  }
  report.set("more_errors", std::move(more));
  throw ReportedError(errors.front(), std::move(report));
}

bool is_there(const fs::path& directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (status.type() != fs::file_type::none) {
    if (!fs::is_directory(status)) return false;
    const fs::directory_iterator may_be_read(directory, error);
    if (!error) return true;
  }
  throw Error(ErrorCode::kStorageRefused,
              "what is rejected in " + directory.string() + " cannot be read: " + error.message() +
                  "\n  try: as the user that the service runs as; or --rejections DIR, as petserve "
                  "has it",
              {.class_name = {}, .hash = {}, .key = directory.string()});
}

}  // namespace

void run_forgive(const Settings& settings, const ForgiveOptions& options) {
  const fs::path directory = directory_of(options);
  std::vector<Rejection> all;
  std::unique_ptr<Rejections> rejections;
  if (is_there(directory)) {  // else nobody has rejected anything: none is made here
    rejections = std::make_unique<Rejections>(std::make_shared<LocalStorage>(directory.string()));
    all = rejections->all();
  }
  const std::vector<Rejection> meant = wanted(all, options.target);
  if (!options.target.empty()) {
    if (meant.empty()) throw not_rejected(options.target, all, directory);
    return forgive(*rejections, meant, settings, directory);
  }
  if (settings.json) return print_json(document("rejected", all, directory));
  if (all.empty()) print_line("nothing is rejected");
  print(all, "", directory);
}

}  // namespace pet::tools
