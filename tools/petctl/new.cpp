// petctl new: the start of a class, from the SDK's templates.
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "core/artifact/class_name.hpp"
#include "storage/error.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/templates.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;

std::string with_name(std::string text, const std::string& name) {
  constexpr std::string_view kPlaceholder = "@NAME@";
  for (auto at = text.find(kPlaceholder); at != std::string::npos;
       at = text.find(kPlaceholder, at)) {
    text.replace(at, kPlaceholder.size(), name);
    at += name.size();
  }
  return text;
}

void write_new(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) {
    throw Error(ErrorCode::kUsage, "cannot write " + file.string() + ": " +
                                       std::generic_category().message(errno) +
                                       "\n  try: another place with --directory");
  }
}

const Template& template_of(const std::string& kind) {
  std::vector<std::string> kinds;
  for (const Template& candidate : source_templates()) {
    if (candidate.kind == kind) return candidate;
    kinds.emplace_back(candidate.kind);
  }
  throw Error(ErrorCode::kUsage, "no template for '" + kind + "'" + suggestion(kind, kinds) +
                                     "\n  expected: filter, metric or pipeline");
}

}  // namespace

void run_new(const Settings& settings, const NewOptions& options) {
  const Template& source = template_of(options.kind);
  require_class_name(options.name);
  const fs::path directory = fs::path(options.directory) / options.name;
  std::error_code error;
  if (!fs::create_directories(directory, error)) {
    throw Error(ErrorCode::kUsage,
                "cannot make " + directory.string() + ": " +
                    (error ? error.message() : std::string("it is there already")) +
                    "\n  try: another name, or another place with --directory");
  }
  const fs::path code = directory / (options.name + ".cpp");
  const fs::path build = directory / "CMakeLists.txt";
  write_new(code, with_name(std::string(source.text), options.name));
  write_new(build, with_name(std::string(build_template()), options.name));
  if (settings.json) {
    print_json(ParamObject{{"files", ParamList{code.string(), build.string()}}});
    return;
  }
  print_line("made " + code.string() + " and " + build.string());
  print_line("next: cmake -S " + directory.string() + " -B " + (directory / "build").string() +
             " && cmake --build " + (directory / "build").string());
}

}  // namespace pet::tools
