// petctl forgive: what services of this machine have rejected, and taking that back.
#include <algorithm>
#include <filesystem>
#include <memory>
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

void print(const ForgiveOptions& options, const Settings& settings, const fs::path& directory,
           const std::vector<Rejection>& rejections) {
  const bool is_list = options.target.empty();
  if (settings.json) {
    ParamList list;
    for (const Rejection& rejection : rejections) list.emplace_back(rejection_json(rejection));
    return print_json(ParamObject{{"directory", directory.string()},
                                  {is_list ? "rejected" : "forgiven", std::move(list)}});
  }
  for (const Rejection& rejection : rejections) {
    const std::string name = rejection.class_name.empty() ? "?" : rejection.class_name;
    print_line(one_line(name) + " " + rejection.hash.hex() + (is_list ? "  " : "  forgiven  ") +
               one_line(rejection.time) + "  " + one_line(rejection.pipeline) + "  " +
               one_line(first_line(rejection.reason)));
  }
  if (rejections.empty()) print_line("nothing is rejected");
  print_line("in " + one_line(directory.string()));
}

}  // namespace

void run_forgive(const Settings& settings, const ForgiveOptions& options) {
  const fs::path directory = directory_of(options);
  std::vector<Rejection> all;
  std::unique_ptr<Rejections> rejections;
  if (fs::is_directory(directory)) {  // else nobody has rejected anything: none is made here
    rejections = std::make_unique<Rejections>(std::make_shared<LocalStorage>(directory.string()));
    all = rejections->all();
  }
  const std::vector<Rejection> meant = wanted(all, options.target);
  if (!options.target.empty()) {
    if (meant.empty()) throw not_rejected(options.target, all, directory);
    for (const Rejection& rejection : meant) rejections->forgive(rejection.hash);
  }
  print(options, settings, directory, meant);
}

}  // namespace pet::tools
