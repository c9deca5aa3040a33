#include <spawn.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "tests/core/loader/loading.hpp"

extern char** environ;

namespace pet {
namespace {

class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pet_damaged_XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The wait status of the helper: a signal shows in it.
int run_helper(const char* how, const std::string& plugin) {
  const Directory directory;
  std::string program = PET_LOAD_HELPER;
  std::string mode = how;
  std::string file = plugin;
  std::string place = directory.path();
  char* arguments[] = {program.data(), mode.data(), file.data(), place.data(), nullptr};
  pid_t child = 0;
  REQUIRE(::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ) == 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

TEST_CASE("a plugin cut off at any length never ends the process", "[core]") {
  const int status = run_helper("truncated", test::fixture_path("plain_c_filter"));
  CHECK_FALSE(WIFSIGNALED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a plugin with any byte flipped is corrupt before anything is mapped", "[core]") {
  const int status = run_helper("flipped", test::fixture_path("plain_c_filter"));
  CHECK_FALSE(WIFSIGNALED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace pet
