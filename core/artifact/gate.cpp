// One function a concern, each adding what it found: all problems of a binary are reported at once. What is checked first is
// reported first, so the order goes from "not a plugin at all" to details.
#include "core/artifact/gate.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/artifact/class_name.hpp"
#include "core/artifact/dotted_version.hpp"
#include "pet/abi.h"
#include "storage/key.hpp"

namespace pet {
namespace {

constexpr std::size_t kNamesShown = 3;

// Versions of glibc that are no numbers, and the release that brought them.
struct NamedVersion {
  std::string_view name;
  std::string_view since;
};
constexpr NamedVersion kNamedVersions[] = {{"GLIBC_ABI_DT_RELR", "2.36"}};

std::string abi(unsigned major, unsigned minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

// "a, b, c and 4 more"; names come from the file, so they are quoted.
std::string listed(const std::vector<std::string>& names, std::size_t count) {
  std::string text;
  const std::size_t shown = std::min(names.size(), kNamesShown);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += ", ";
    text += pet::quoted(names[i]);
  }
  if (count > shown) text += " and " + std::to_string(count - shown) + " more";
  return text;
}

class Gate {
 public:
  Gate(const Facts& facts, const Machine& machine) : facts_(facts), machine_(machine) {}

  Verdict run();

 private:
  void check_format();
  void check_class();
  void check_isa();
  void check_versions();
  void check_version(const std::string& library, const std::string& version);
  void check_glibc();
  void check_memory();
  void check_origin();
  void warn();

  void refuse(std::string code, std::string sentence, std::string next_step) {
    verdict_.problems.push_back({std::move(code), std::move(sentence), std::move(next_step)});
  }

  const Facts& facts_;
  const Machine& machine_;
  Verdict verdict_;
};

void Gate::check_format() {
  if (facts_.platform != machine_.platform) {
    refuse("wrong_platform",
           "is built for " + facts_.platform + "; this machine is " + machine_.platform,
           "build it on " + machine_.platform + ", or add a binary for it to the release");
  }
  if (facts_.is_executable) {
    refuse("executable", "is a program, not a shared library", "build it with pet_add_plugin");
  }
}

void Gate::check_class() {
  if (!facts_.has_notes && !facts_.has_entry) {
    refuse("no_plugin",
           "is not a PetFactory plugin: it has no notes and does not export " PET_ENTRY_SYMBOL,
           "build it with pet_add_plugin");
    return;
  }
  if (!facts_.has_notes) {
    refuse("no_notes", "has no PetFactory notes",
           "end its source with PET_PLUGIN(Class), and build it with pet_add_plugin");
  } else {
    if (facts_.clazz.abi_major != PET_ABI_MAJOR) {
      refuse("abi_major",
             "was built for ABI " + abi(facts_.clazz.abi_major, facts_.clazz.abi_minor) +
                 "; this host speaks " + abi(PET_ABI_MAJOR, PET_ABI_MINOR),
             "rebuild it with an SDK of ABI " + std::to_string(PET_ABI_MAJOR));
    }
    if (!is_class_name(facts_.clazz.name)) {
      refuse("class_name", "names its class " + pet::quoted(facts_.clazz.name),
             "use letters, digits and '_', 128 at most, not beginning with a digit");
    }
  }
  if (!facts_.has_entry) {
    refuse("no_entry", "does not export " PET_ENTRY_SYMBOL, "build it with pet_add_plugin");
  }
}

void Gate::check_isa() {
  const auto& levels = machine_.isa_levels;
  if (!facts_.has_notes || levels.empty()) return;
  if (std::find(levels.begin(), levels.end(), facts_.clazz.isa) != levels.end()) return;
  refuse("isa",
         "needs a processor of level " + pet::quoted(facts_.clazz.isa) + "; this machine has " +
             levels.back(),
         "rebuild it without -march, or for " + levels.back());
}

void Gate::check_version(const std::string& library, const std::string& version) {
  if (version.starts_with("GLIBC_")) {
    if (parse_dotted(std::string_view(version).substr(6)))
      return;  // check_glibc compares the highest
    const auto* named =
        std::find_if(std::begin(kNamedVersions), std::end(kNamedVersions),
                     [&](const NamedVersion& known) { return known.name == version; });
    const bool known = named != std::end(kNamedVersions);
    if (known &&
        (machine_.glibc.empty() || parse_dotted(machine_.glibc) >= parse_dotted(named->since)))
      return;
    refuse("needs_glibc",
           "needs " + pet::quoted(version) + " of glibc, which " +
               (known ? "came with " + std::string(named->since) + "; this machine has " +
                            machine_.glibc
                      : std::string("this host does not know")),
           "rebuild it on an older system, or without linker options that ask for it");
    return;
  }
  const auto found = machine_.library_versions.find(library);
  if (found == machine_.library_versions.end()) return;
  const std::vector<std::string>& versions = found->second;
  if (std::find(versions.begin(), versions.end(), version) != versions.end()) return;
  refuse(
      "needs_library",
      "needs " + pet::quoted(version) + " of " + library + ", which this machine's does not have",
      "build it with pet_add_plugin, which links the C++ library into the plugin");
}

void Gate::check_versions() {
  check_glibc();
  for (const VersionNeed& need : facts_.version_needs) {
    for (const std::string& version : need.versions) check_version(need.library, version);
  }
}

void Gate::check_glibc() {
  if (facts_.glibc_floor.empty() || machine_.glibc.empty()) return;
  if (parse_dotted(facts_.glibc_floor) <= parse_dotted(machine_.glibc)) return;
  refuse("needs_glibc",
         "needs GLIBC_" + facts_.glibc_floor + "; this machine has " + machine_.glibc,
         "rebuild it on a system with glibc " + machine_.glibc +
             " or older, or pin a version for this machine");
}

// What would outlive the plugin, run out, or weaken the process.
void Gate::check_memory() {
  if (facts_.unique_symbols.count > 0) {
    refuse("gnu_unique",
           "shares statics with its other versions and never unloads (STB_GNU_UNIQUE: " +
               listed(facts_.unique_symbols.names, facts_.unique_symbols.count) + ")",
           "link it with pet_add_plugin, or with -fno-gnu-unique or a version script");
  }
  if (facts_.static_tls) {
    refuse("static_tls",
           "uses thread-locals of the initial-exec model, for which few plugins have room",
           "compile it, and what is linked into it, without -ftls-model=initial-exec");
  }
  if (facts_.executable_stack) {
    refuse("executable_stack", "asks for an executable stack",
           "link it with -z noexecstack, and end assembly files with .note.GNU-stack");
  }
  if (facts_.text_relocations) {
    refuse("text_relocations", "writes into its own code when loaded",
           "compile everything in it with -fPIC");
  }
}

void Gate::check_origin() {
  for (const auto& [name, value] :
       {std::pair("RPATH", &facts_.rpath), std::pair("RUNPATH", &facts_.runpath)}) {
    if (value->empty()) continue;
    refuse("rpath",
           std::string("carries the ") + name + " " + pet::quoted(*value) +
               "; a plugin may not choose where libraries come from",
           "link it with pet_add_plugin, or with CMAKE_SKIP_RPATH");
  }
  for (const std::string& library : facts_.needed) {
    if (library.find_first_of("/$") == std::string::npos) continue;
    refuse("needed_path",
           "needs " + pet::quoted(library) +
               " by its path, which the loader would follow from wherever it runs",
           "give that library a soname, or link it statically");
  }
  for (const std::string& library : facts_.side_loaded) {
    refuse(
        "side_loaded",
        "loads " + pet::quoted(library) +
            " as a filter, auxiliary or audit library; a plugin may not choose what else is loaded",
        "link it with pet_add_plugin");
  }
}

// What every system with a C++ compiler's run-time libraries has.
bool is_everywhere(std::string_view library) {
  constexpr std::string_view kEverywhere[] = {
      "libc.so", "libm.so", "libdl.so", "librt.so", "libgcc_s.so", "libpthread.so", "libstdc++.so"};
  return library.starts_with("ld-linux") ||
         std::ranges::any_of(kEverywhere, [&](std::string_view name) {
           return library.starts_with(name) &&
                  (library.size() == name.size() || library[name.size()] == '.');
         });
}

void Gate::warn() {
  for (const std::string& library : facts_.needed) {
    if (is_everywhere(library) || library.find('/') != std::string::npos) continue;
    verdict_.warnings.push_back(
        {"foreign_library", "needs " + pet::quoted(library) +
                                ", which has to be installed wherever it is loaded: link it "
                                "statically to ship one file"});
  }
  if (facts_.nodelete) {
    verdict_.warnings.push_back(
        {"nodelete", "stays in memory until the process ends (-z nodelete)"});
  }
  if (facts_.exports.count > 1 && facts_.has_entry) {
    std::vector<std::string> others;
    for (const std::string& name : facts_.exports.names) {
      if (name != PET_ENTRY_SYMBOL) others.push_back(name);
    }
    verdict_.warnings.push_back({"exports", "exports more than " PET_ENTRY_SYMBOL ": " +
                                                listed(others, facts_.exports.count - 1)});
  }
  if (facts_.has_ifunc) {
    verdict_.warnings.push_back({"ifunc", "runs resolver functions (IFUNC) while it is loaded"});
  }
}

Verdict Gate::run() {
  check_format();
  check_class();
  // What else is wrong with a file that is something else altogether helps nobody.
  if (facts_.platform != machine_.platform) verdict_.problems.resize(1);
  if (facts_.platform != machine_.platform || (!facts_.has_notes && !facts_.has_entry)) {
    return std::move(verdict_);
  }
  check_isa();
  check_versions();
  check_memory();
  check_origin();
  warn();
  return std::move(verdict_);
}

std::string name_of(const Facts& facts) { return facts.has_notes ? facts.clazz.name : "a file"; }

ErrorCode code_of(const Verdict& verdict) {
  for (const Problem& problem : verdict.problems) {
    for (const char* code : {"no_plugin", "no_notes", "no_entry", "executable"}) {
      if (problem.code == code) return ErrorCode::kNotAPlugin;
    }
  }
  return ErrorCode::kGateRefused;
}

std::string message_of(const Verdict& verdict, const std::string& subject,
                       std::string_view origin) {
  const std::string file = origin.empty() ? "" : "\n  file: " + std::string(origin);
  if (verdict.problems.size() == 1) {
    const Problem& only = verdict.problems.front();
    return subject + " " + only.sentence + file + "\n  try:  " + only.next_step;
  }
  std::string text = subject + " cannot be loaded here for " +
                     std::to_string(verdict.problems.size()) + " reasons" + file;
  for (const Problem& problem : verdict.problems) {
    text += "\n  - it " + problem.sentence + "\n    try:  " + problem.next_step;
  }
  return text;
}

}  // namespace

Verdict check(const Facts& facts, const Machine& machine) { return Gate(facts, machine).run(); }

void require_loadable(const Facts& facts, const Machine& machine, const Hash& hash,
                      std::string_view origin) {
  const Verdict verdict = check(facts, machine);
  if (verdict.loadable()) return;
  throw Error(code_of(verdict),
              message_of(verdict, name_of(facts) + " " + hash.short_hex(), origin),
              {.class_name = facts.clazz.name, .hash = hash.hex(), .key = std::string(origin)});
}

}  // namespace pet
