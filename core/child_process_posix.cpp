// A child's death is told by two things, since neither is enough: the pidfd (not every kernel has one), and
// waitid without blocking. The process stays a zombie until end(): so its id, and that of its group, are
// nobody else's when they are killed.
#include "core/child_process_posix.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/poll_time.hpp"

namespace pet {
namespace {

// The numbers that the child's descriptors end before.
int end_of(const std::vector<std::pair<int, int>>& descriptors) {
  int end = STDERR_FILENO + 1;
  for (const auto& [ours, theirs] : descriptors) end = std::max(end, theirs + 1);
  return end;
}

// What a child of posix_spawn is to begin with.
class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t set;
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes_, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes_, &set);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  // The errno, or 0.
  int give(const std::vector<std::pair<int, int>>& descriptors) {
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const int end = end_of(descriptors);
    for (const auto& [ours, theirs] : descriptors) {
      // The same one with a number that none of the child's has, which would replace it too early.
      posix::FileDescriptor lifted(::fcntl(ours, F_DUPFD_CLOEXEC, end));
      if (!lifted) return errno;
      posix_spawn_file_actions_adddup2(&actions_, lifted.get(), theirs);
      lifted_.push_back(std::move(lifted));
    }
    // What this process has open without O_CLOEXEC is none of the child's business.
    posix_spawn_file_actions_addclosefrom_np(&actions_, end);
    return 0;
  }

  int spawn(pid_t& child, const ChildProcess::Start& start) const {
    std::vector<char*> arguments{const_cast<char*>(start.program.c_str())};
    for (const std::string& word : start.arguments) {
      arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    return ::posix_spawn(&child, start.program.c_str(), &actions_, &attributes_, arguments.data(),
                         environ);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  std::vector<posix::FileDescriptor> lifted_;
};

}  // namespace

int ChildProcess::start(const Start& start) {
  SpawnSettings settings;
  if (const int error = settings.give(start.descriptors)) return error;
  pid_t child = 0;
  if (const int error = settings.spawn(child, start)) return error;
  id_ = child;
  exit_ = posix::FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, id_, 0)));
  return 0;
}

ChildProcess::State ChildProcess::state() const noexcept {
  siginfo_t info{};
  if (id_ == 0 ||
      ::waitid(P_PID, static_cast<id_t>(id_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return State::kGone;
  }
  return info.si_pid == 0 ? State::kAlive : State::kZombie;
}

bool ChildProcess::has_ended() const noexcept { return state() != State::kAlive; }

bool ChildProcess::await_end(Clock::time_point deadline) const noexcept {
  while (!has_ended()) {
    const int left = poll_time(deadline);
    if (left == 0) return false;
    pollfd on_exit{exit_.get(), POLLIN, 0};
    ::poll(&on_exit, 1, exit_ ? left : std::min<int>(left, kBetweenLooks.count()));
  }
  return true;
}

ChildProcess::Ending ChildProcess::end() noexcept {
  if (id_ == 0) return ending_;
  const State now = state();
  ending_.was_killed = now == State::kAlive;
  if (now == State::kGone) {  // and its id perhaps somebody else's
    id_ = 0;
    ending_.is_known = false;
    return ending_;
  }
  siginfo_t info{};
  // The group first, while its leader keeps its id.
  ::kill(-id_, SIGKILL);
  ::kill(id_, SIGKILL);
  while (::waitid(P_PID, static_cast<id_t>(id_), &info, WEXITED) != 0 && errno == EINTR) {
  }
  id_ = 0;
  ending_.is_known = info.si_pid != 0;
  if (info.si_code == CLD_EXITED) ending_.exit_status = info.si_status;
  if (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED) ending_.signal = info.si_status;
  return ending_;
}

}  // namespace pet
