#include "tools/petctl/programs_posix.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/child_process_posix.hpp"
#include "core/poll_time.hpp"
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

// false: the limit came before the end.
bool read_all(int from, Clock::time_point limit, std::string& text) {
  while (true) {
    pollfd waiting{from, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, poll_time(limit));
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
  ChildProcess child;
  const int error = child.start(
      {.program = command.front(),
       .arguments = {command.begin() + 1, command.end()},
       .descriptors = {{writing.get(), STDOUT_FILENO}, {writing.get(), STDERR_FILENO}}});
  if (error != 0) {
    return {false,
            command.front() + " cannot be started: " + std::generic_category().message(error)};
  }
  writing = FileDescriptor();
  ChildOutcome outcome;
  const auto end = Clock::now() + limit;
  // Who closes its output may go on.
  const bool in_time = read_all(reading.get(), end, outcome.output) && child.await_end(end);
  const ChildProcess::Ending ending = child.end();
  // Where the system keeps no status, what it printed has to do.
  outcome.succeeded = in_time && ending.signal == 0 && ending.exit_status == 0;
  if (in_time) return outcome;
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
