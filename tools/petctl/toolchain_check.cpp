#include "tools/petctl/toolchain_check.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "core/artifact/dotted_version.hpp"
#include "storage/ascii.hpp"
#include "storage/key.hpp"
#include "tools/petctl/programs_posix.hpp"

namespace pet::tools {
namespace {

constexpr std::string_view kOldestCMake = "3.22";  // also in the template of petctl new
constexpr std::chrono::seconds kShort{10}, kLong{120};
constexpr const char* kSdk = "pet-sdk:";  // what cmake's line about it contains

// The first program of these that is there.
std::optional<std::string> first_of(std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    if (auto file = find_program(name)) return file;
  }
  return std::nullopt;
}

Check check_cmake() {
  const auto file = find_program("cmake");
  const std::string step = "apt-get install cmake, " + std::string(kOldestCMake) + " or newer";
  if (!file) return Check::warning("no cmake on the PATH", step);
  const ChildOutcome said = run_program({*file, "--version"}, kShort);
  const std::string line = first_line(said.output);
  if (!said.succeeded) return Check::warning(*file + " does not work: " + line, step);
  const std::string number = line.substr(line.find_last_of(' ') + 1);
  // "3.28.0-rc1" is not told from 3.28.0
  const auto version = parse_dotted(number.substr(0, number.find('-')));
  if (version && *version < *parse_dotted(kOldestCMake))
    return Check::warning(line + " is too old", step);
  return Check::ok(line);
}

Check check_build_program() {
  if (const auto make = first_of({"gmake", "make"})) return Check::ok(*make);
  const auto ninja = first_of({"ninja", "ninja-build"});
  if (!ninja) {
    return Check::warning("neither make nor ninja on the PATH",
                          "apt-get install make, or ninja-build");
  }
  const char* const generator = std::getenv("CMAKE_GENERATOR");
  const bool is_told = generator != nullptr && std::string_view(generator).starts_with("Ninja");
  return Check::ok(*ninja + (is_told ? "" : ", with cmake -G Ninja, or CMAKE_GENERATOR=Ninja"));
}

// As cmake chooses it.
std::optional<std::string> compiler() {
  const char* const chosen = std::getenv("CXX");
  if (chosen == nullptr || *chosen == '\0') return first_of({"c++", "g++", "clang++"});
  const std::string text = chosen;
  return find_program(text.substr(0, text.find(' ')));
}

Check check_compiler() {
  const auto file = compiler();
  if (!file) {
    const bool chosen = std::getenv("CXX") != nullptr;
    return Check::warning(chosen ? "the compiler that CXX names is not there"
                                 : "no C++ compiler on the PATH: neither c++, g++ nor clang++",
                          chosen ? "unset CXX, or name another one" : "apt-get install g++");
  }
  const ChildOutcome said = run_program({*file, "--version"}, kShort);
  const std::string line = first_line(said.output);
  return said.succeeded ? Check::ok(line)
                        : Check::warning(*file + " does not work: " + line, "apt-get install g++");
}

Check check_objcopy() {
  if (const auto file = first_of({"objcopy", "llvm-objcopy"})) return Check::ok(*file);
  return Check::warning(
      "no objcopy on the PATH, so that each patch level of the compiler makes another hash",
      "apt-get install binutils");
}

// What follows "pet-sdk:NAME=" in cmake's output.
std::string told(const std::string& output, const std::string& name) {
  const std::string sign = kSdk + name + "=";
  const std::size_t at = output.find(sign);
  return at == std::string::npos ? "" : first_line(output.substr(at + sign.size()));
}

// What cmake says is wrong, without its frame.
std::string complaint(const std::string& output) {
  const std::size_t at = output.find("CMake Error");
  std::string text;
  for (const char c : output.substr(at == std::string::npos ? 0 : at, 400)) {
    const bool is_space = c == ' ' || c == '\n' || c == '\t';
    if (!is_space || (!text.empty() && text.back() != ' ')) text += is_space ? ' ' : c;
  }
  return text;
}

Check check_sdk(const std::string& version) {
  const ScratchDirectory scratch;
  std::ofstream(scratch.path() + "/CMakeLists.txt")
      << "cmake_minimum_required(VERSION " << kOldestCMake << ")\n"
      << "project(doctor LANGUAGES CXX)\n"
      << "find_package(PetFactory QUIET COMPONENTS sdk)\n"
      << "message(STATUS \"" << kSdk << "place=${PetFactory_DIR}\")\n"
      << "message(STATUS \"" << kSdk << "version=${PetFactory_VERSION}\")\n"
      << "if(PetFactory_FOUND)\n  message(STATUS \"" << kSdk << "found=yes\")\nendif()\n";
  std::vector<std::string> command{*find_program("cmake"), "-S", scratch.path(), "-B",
                                   scratch.path() + "/build"};
  if (!first_of({"gmake", "make"}) && std::getenv("CMAKE_GENERATOR") == nullptr) {
    command.insert(command.end(), {"-G", "Ninja"});
  }
  const ChildOutcome said = run_program(command, kLong);
  if (!said.succeeded) {
    return Check::warning("cmake cannot prepare a build: " + complaint(said.output),
                          "apt-get install g++ make; a program of one line, by hand");
  }
  const std::string install =
      "CMAKE_PREFIX_PATH=PREFIX, or PREFIX/bin on the PATH, where PREFIX is what cmake --install "
      "--prefix was given";
  if (told(said.output, "found").empty()) {
    return Check::warning("find_package(PetFactory) finds no SDK", install);
  }
  const std::string there = told(said.output, "version");
  const std::string place =
      "PetFactory " + there + " in " + pet::quoted(told(said.output, "place"));
  if (there == version) return Check::ok(place);
  return Check::warning(place + ", and petctl is " + version,
                        "use both of one installation: " + install);
}

}  // namespace

std::vector<Check> check_toolchain(const std::string& version, const CheckReport& report) {
  Checklist checks(report);
  bool complete = true;
  const auto needed = [&](const char* name, Check (*examine)()) {
    checks.run(name, "", [&] {
      Check check = examine();
      complete = complete && check.status == CheckStatus::kOk;
      return check;
    });
  };
  needed("cmake", check_cmake);
  needed("build_program", check_build_program);
  needed("compiler", check_compiler);
  checks.run("objcopy", "", check_objcopy);
  checks.run("sdk", complete ? "" : "it takes cmake, make or ninja, and a compiler", [&] {
    try {
      return check_sdk(version);
    } catch (const Error& error) {  // no place for temporary files
      const Check failed = Check::failed(error);
      return Check::warning(failed.found, failed.next_step);
    }
  });
  return checks.take();
}

}  // namespace pet::tools
