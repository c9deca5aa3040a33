// petctl new: the start of a class, from the SDK's templates.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/artifact/class_name.hpp"
#include "core/loader/pet_class.hpp"
#include "plugins/builtins.hpp"
#include "storage/error.hpp"
#include "tools/data/data_file.hpp"
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

// What C++ means something else by, so that no class can have the name: its keywords, and the
// namespaces that the templates use.
constexpr std::string_view kTaken[] = {
    "alignas",   "alignof",      "and",           "and_eq",
    "asm",       "auto",         "bitand",        "bitor",
    "bool",      "break",        "case",          "catch",
    "char",      "char16_t",     "char32_t",      "char8_t",
    "class",     "co_await",     "co_return",     "co_yield",
    "compl",     "concept",      "const",         "const_cast",
    "consteval", "constexpr",    "constinit",     "continue",
    "decltype",  "default",      "delete",        "do",
    "double",    "dynamic_cast", "else",          "enum",
    "explicit",  "export",       "extern",        "false",
    "float",     "for",          "friend",        "goto",
    "if",        "inline",       "int",           "long",
    "mutable",   "namespace",    "new",           "noexcept",
    "not",       "not_eq",       "nullptr",       "operator",
    "or",        "or_eq",        "pet",           "private",
    "protected", "public",       "register",      "reinterpret_cast",
    "requires",  "return",       "short",         "signed",
    "sizeof",    "static",       "static_assert", "static_cast",
    "std",       "struct",       "switch",        "template",
    "this",      "thread_local", "throw",         "true",
    "try",       "typedef",      "typeid",        "typename",
    "union",     "unsigned",     "using",         "virtual",
    "void",      "volatile",     "wchar_t",       "while",
    "xor",       "xor_eq",
};

void require_free_name(const std::string& name) {
  require_class_name(name);
  if (std::find(std::begin(kTaken), std::end(kTaken), name) == std::end(kTaken)) return;
  throw Error(ErrorCode::kInvalidName,
              "'" + name +
                  "' cannot be a class's name: it is a keyword of C++ or a namespace of its source"
                  "\n  try: another name, such as MyFilter",
              {.class_name = name, .hash = {}, .key = {}});
}

bool is_builtin(const std::string& name) {
  for (const pet_entry* const entry : builtins()) {
    if (PetClass::compiled_in(*entry).name() == name) return true;
  }
  for (const auto& [alias, clazz] : builtin_aliases()) {
    if (alias == name) return true;
  }
  return false;
}

[[noreturn]] void refuse_new(const fs::path& path, const char* doing, int error) {
  throw Error(
      code_of_output(error),
      std::string("cannot ") + doing + " " + path.string() + ": " +
          (error == EEXIST ? "it is there already" : std::generic_category().message(error)) +
          "\n  try: another name, or another place with --directory",
      {.class_name = {}, .hash = {}, .key = path.string()});
}

// Files and folders that are made as one: what an error leaves half done is removed again.
class NewFiles {
 public:
  NewFiles() = default;
  NewFiles(const NewFiles&) = delete;
  NewFiles& operator=(const NewFiles&) = delete;
  ~NewFiles() {
    std::error_code ignored;
    for (auto path = made_.rbegin(); path != made_.rend(); ++path) fs::remove(*path, ignored);
  }

  void make_directory(const fs::path& directory) {
    const fs::path parent = directory.parent_path();
    std::error_code error;
    if (!parent.empty() && !fs::exists(parent, error)) make_directory(parent);
    if (!fs::create_directory(directory, error)) {
      refuse_new(directory, "make", error ? error.value() : EEXIST);
    }
    made_.push_back(directory);
  }

  void write(const fs::path& file, const std::string& text) {
    made_.push_back(file);
    errno = 0;
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    if (!out) refuse_new(file, "write", errno == 0 ? EIO : errno);
  }

  void keep() { made_.clear(); }

 private:
  std::vector<fs::path> made_;
};

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
  require_free_name(options.name);
  const fs::path directory = fs::path(options.directory) / options.name;
  const fs::path code = directory / (options.name + ".cpp");
  const fs::path build = directory / "CMakeLists.txt";
  NewFiles files;
  files.make_directory(directory);
  files.write(code, with_name(std::string(source.text), options.name));
  files.write(build, with_name(std::string(build_template()), options.name));
  files.keep();
  if (is_builtin(options.name)) {
    std::fprintf(
        stderr,
        "note: a built-in class is named %s too: where yours is pushed, it is used instead\n",
        options.name.c_str());
  }
  if (settings.json) {
    print_json(ParamObject{{"files", ParamList{code.string(), build.string()}}});
    return;
  }
  print_line("made " + code.string() + " and " + build.string());
  print_line("next: cmake -S " + directory.string() + " -B " + (directory / "build").string() +
             " && cmake --build " + (directory / "build").string());
}

}  // namespace pet::tools
