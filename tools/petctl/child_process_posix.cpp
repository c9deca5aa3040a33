#include "tools/petctl/child_process_posix.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>

#include "storage/error.hpp"
#include "storage/posix_file.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;
using posix::FileDescriptor;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = std::size_t{64} << 10;

bool may_be_run(const std::string& file) {
  std::error_code ignored;
  return fs::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

// The errno, or 0 and the process, in a group of its own.
int spawn(const std::vector<std::string>& command, int output, pid_t& child) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  const int error =
      ::posix_spawnp(&child, arguments.front(), &files, &attributes, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

// false: the limit came before the end.
bool read_all(int from, Clock::time_point limit, std::string& text) {
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(limit - Clock::now()).count();
    pollfd waiting{from, POLLIN, 0};
    const int ready = left > 0 ? ::poll(&waiting, 1, static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    char bytes[4096];
    const ssize_t got = ::read(from, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    text.append(bytes, static_cast<std::size_t>(got));
    if (text.size() > 2 * kMaxOutput) text.erase(0, text.size() - kMaxOutput);
  }
}

// false: the limit came before the end. (Who closes its output may go on.)
bool has_ended(pid_t child, Clock::time_point limit, int& status) {
  while (true) {
    const pid_t got = ::waitpid(child, &status, WNOHANG);
    // Where SIGCHLD is ignored the system keeps no status: then what it printed has to do.
    if (got == child || (got < 0 && errno == ECHILD)) return true;
    if (Clock::now() >= limit) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return may_be_run(name) ? std::optional(name) : std::nullopt;
  const char* const path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string file = std::string(rest.substr(0, end)) + "/" + name;
    if (end > 0 && may_be_run(file)) return file;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::nullopt;
}

ChildOutcome run_program(const std::vector<std::string>& command, std::chrono::seconds limit) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {false, std::generic_category().message(errno)};
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  pid_t child = 0;
  if (const int error = spawn(command, writing.get(), child); error != 0) {
    return {false,
            command.front() + " cannot be started: " + std::generic_category().message(error)};
  }
  writing = FileDescriptor();
  ChildOutcome outcome;
  const auto end = Clock::now() + limit;
  int status = 0;
  if (read_all(reading.get(), end, outcome.output) && has_ended(child, end, status)) {
    outcome.succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return outcome;
  }
  ::kill(-child, SIGKILL);
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  outcome.output = command.front() + " did not end within " + std::to_string(limit.count()) +
                   " seconds\n" + outcome.output;
  return outcome;
}

ScratchDirectory::ScratchDirectory() {
  std::error_code failure;
  path_ = (fs::temp_directory_path(failure) / "petctl-XXXXXX").string();
  if (failure || ::mkdtemp(path_.data()) == nullptr) {
    throw Error(ErrorCode::kStorageRefused,
                "no directory can be made in the place for temporary files" +
                    (failure ? ": " + failure.message()
                             : " (" + path_ + "): " + std::generic_category().message(errno)) +
                    "\n  try: TMPDIR=DIRECTORY");
  }
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace pet::tools
