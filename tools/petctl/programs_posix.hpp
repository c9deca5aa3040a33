// Other programs of this machine: whether one is there, and what it says.
//
// Threads: any, as long as none changes the environment.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace pet::tools {

// The file that `name` means on the PATH (a name with a '/' means itself); nullopt when there is none
// that may be run.
std::optional<std::string> find_program(const std::string& name);

struct ChildOutcome {
  bool succeeded = false;  // it was started, and ended with status 0 within the limit
  std::string output;      // stdout and stderr as they came, the last 64 KiB; or why there is none
};

// Runs a program, a path as find_program() gives it, with nothing to read, and waits for it. What it has
// started ends with it, at the limit too, when it is killed.
ChildOutcome run_program(const std::vector<std::string>& command, std::chrono::seconds limit);

// A new directory for this process alone, which is removed with all that is in it.
class ScratchDirectory {
 public:
  // Throws kStorageRefused where none can be made.
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace pet::tools
