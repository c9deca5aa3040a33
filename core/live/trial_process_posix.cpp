// Death is told by three things, since none is enough: end of file on the socket (a process that the
// candidate forked may hold it open), the pidfd (not every kernel has one), and waitid without blocking.
// The process stays a zombie until end(): so its id, and that of its group, are nobody else's when they
// are killed.
#include "core/live/trial_process_posix.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "core/live/trial_channel_posix.hpp"
#include "core/live/trial_frame.hpp"
#include "storage/error.hpp"

namespace pet::trial {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kKeptErrors = std::size_t{8} << 10;
constexpr milliseconds kBetweenLooks{20};  // without a pidfd
constexpr milliseconds kBetweenClosingAndDeath{1000};

[[noreturn]] void fail(int error, std::string_view doing, const std::string& path) {
  throw Error(ErrorCode::kUsage,
              std::string(doing) + " '" + path + "' for a trial: " + std::strerror(error) +
                  "\n  try: install pet-trial beside the program, or name it in PET_TRIAL_HELPER",
              {.class_name = {}, .hash = {}, .key = path});
}

void require(bool done, std::string_view doing, const std::filesystem::path& helper) {
  if (!done) fail(errno, doing, helper.string());
}

// The same descriptor with a number that none of the child's own has.
posix::FileDescriptor lifted(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, kTrialChannel + 1);
  const int error = errno;
  ::close(fd);
  errno = error;
  return posix::FileDescriptor(copy);
}

// What a child of posix_spawn is to begin with.
class SpawnSettings {
 public:
  SpawnSettings(int channel, int errors) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, channel, kTrialChannel);
    // What this process has open without O_CLOEXEC is none of the candidate's business.
    posix_spawn_file_actions_addclosefrom_np(&actions_, kTrialChannel + 1);
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

  int spawn(int& pid, const std::string& program) const {
    std::string name = program;
    char* const arguments[] = {name.data(), nullptr};
    return ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, arguments, environ);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

int milliseconds_until(TrialProcess::Clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - TrialProcess::Clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, 3'600'000));
}

}  // namespace

TrialProcess::TrialProcess(std::filesystem::path helper, std::string request)
    : helper_(std::move(helper)), request_(std::move(request)) {
  open_channels();
  spawn();
}

void TrialProcess::open_channels() {
  std::array<int, 2> ends{-1, -1};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0,
          "cannot open a socket to", helper_);
  channel_ = posix::FileDescriptor(ends[0]);
  childs_channel_ = lifted(ends[1]);
  require(static_cast<bool>(childs_channel_), "cannot open a socket to", helper_);
  require(::pipe2(ends.data(), O_CLOEXEC) == 0, "cannot open a pipe from", helper_);
  errors_ = posix::FileDescriptor(ends[0]);
  childs_errors_ = lifted(ends[1]);
  require(static_cast<bool>(childs_errors_), "cannot open a pipe from", helper_);
  wake_ = posix::FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  require(static_cast<bool>(wake_), "cannot watch", helper_);
  // Only this side's ends: the helper's block.
  ::fcntl(channel_.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(errors_.get(), F_SETFL, O_NONBLOCK);
}

void TrialProcess::spawn() {
  const SpawnSettings settings(childs_channel_.get(), childs_errors_.get());
  const int error = settings.spawn(pid_, helper_.string());
  if (error != 0) {
    pid_ = 0;
    fail(error, "cannot run the helper", helper_.string());
  }
  childs_channel_ = {};
  childs_errors_ = {};
  exit_ = posix::FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

void TrialProcess::send_more() {
  while (sent_ < request_.size()) {
    const ssize_t count = ::send(channel_.get(), request_.data() + sent_, request_.size() - sent_,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count < 0) break;  // it has closed its side, which poll() tells, too
    sent_ += static_cast<std::size_t>(count);
  }
  request_ = {};
  sent_ = 0;
}

void TrialProcess::keep_errors() {
  std::array<char, 4096> chunk;
  ssize_t count = 0;
  // Bounded: who writes without end must not hold this thread.
  for (int i = 0; i < 16; ++i) {
    count = ::read(errors_.get(), chunk.data(), chunk.size());
    if (count <= 0) break;
    error_text_.append(chunk.data(), static_cast<std::size_t>(count));
    if (error_text_.size() > kKeptErrors) error_text_.erase(0, error_text_.size() - kKeptErrors);
  }
  if (count == 0) errors_ = {};
}

TrialProcess::State TrialProcess::state() const noexcept {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return State::kGone;
  }
  return info.si_pid == 0 ? State::kAlive : State::kZombie;
}

// One that has closed its side is about to die, unless it is none of ours.
void TrialProcess::await_death() const noexcept {
  const auto until = Clock::now() + kBetweenClosingAndDeath;
  while (state() == State::kAlive) {
    const int left = milliseconds_until(until);
    if (left == 0) return;
    pollfd on_exit{exit_.get(), POLLIN, 0};
    ::poll(&on_exit, 1, exit_ ? left : std::min<int>(left, kBetweenLooks.count()));
  }
}

TrialProcess::Event TrialProcess::wait(Clock::time_point deadline, std::string& bytes) {
  bytes.clear();
  while (true) {
    const short out = sent_ < request_.size() ? POLLOUT : 0;
    std::array<pollfd, 4> watched{pollfd{channel_.get(), static_cast<short>(POLLIN | out), 0},
                                  pollfd{wake_.get(), POLLIN, 0}, pollfd{errors_.get(), POLLIN, 0},
                                  pollfd{exit_.get(), POLLIN, 0}};
    int left = milliseconds_until(deadline);
    if (!exit_) left = std::min<int>(left, kBetweenLooks.count());
    ::poll(watched.data(), watched.size(), left);
    if (watched[1].revents != 0) return Event::kWoken;
    if (watched[2].revents != 0) keep_errors();
    if ((watched[0].revents & POLLOUT) != 0) send_more();
    // Before its bytes are asked for: a dead one says nothing after them.
    const bool ended = watched[3].revents != 0 || (!exit_ && state() != State::kAlive);
    std::array<char, 64 << 10> chunk;
    const ssize_t count = ::recv(channel_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (count > 0) {
      bytes.assign(chunk.data(), static_cast<std::size_t>(count));
      return Event::kBytes;
    }
    const bool closed = count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
    if (closed && !ended) await_death();
    if (ended || closed) return Event::kEnded;
    if (Clock::now() >= deadline) return Event::kTimeout;
  }
}

void TrialProcess::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

TrialProcess::Ending TrialProcess::end() noexcept {
  if (pid_ == 0) return ending_;
  const State now = state();
  ending_.was_killed = now == State::kAlive;
  if (now == State::kGone) {  // and its id perhaps somebody else's
    pid_ = 0;
    ending_.is_known = false;
    return ending_;
  }
  siginfo_t info{};
  // The group first, while its leader keeps its id.
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0 && errno == EINTR) {
  }
  pid_ = 0;
  ending_.is_known = info.si_pid != 0;
  if (info.si_code == CLD_EXITED) ending_.exit_status = info.si_status;
  if (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED) ending_.signal = info.si_status;
  if (errors_) keep_errors();
  return ending_;
}

std::uint64_t TrialProcess::peak_memory() const {
  if (pid_ == 0) return 0;
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string word; status >> word;) {
    std::uint64_t kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes << 10;
  }
  return 0;
}

std::string TrialProcess::last_error_line() const {
  std::string text = printable(error_text_, kKeptErrors);
  text.erase(text.find_last_not_of(" \n?") + 1);
  const std::size_t end_of_line = text.rfind('\n');
  if (end_of_line != std::string::npos) text.erase(0, end_of_line + 1);
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  return text.substr(0, 300);
}

std::filesystem::path program_directory() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path() : program.parent_path();
}

int process_id() noexcept { return ::getpid(); }

std::string signal_name(int number) {
  const char* const name = ::sigabbrev_np(number);
  return name == nullptr ? "signal " + std::to_string(number) : std::string("SIG") + name;
}

}  // namespace pet::trial
