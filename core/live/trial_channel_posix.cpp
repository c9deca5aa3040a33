#include "core/live/trial_channel_posix.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "storage/error.hpp"

namespace pet::trial {
namespace {

const std::string kChannelName = "the socket to the service";
constexpr int kMostArenas = 8;

// ---- also in a signal's handler: no allocation, no lock ----

int crash_channel = -1;
std::uint64_t space_at_start = 0;  // what the helper itself has

std::uint64_t address_space() noexcept {
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  std::array<char, 128> text{};
  const ssize_t count = ::read(file, text.data(), text.size());
  ::close(file);
  std::uint64_t pages = 0;
  if (count > 0) std::from_chars(text.data(), text.data() + count, pages);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void append(std::array<char, 128>& out, std::size_t& size, std::string_view text) noexcept {
  std::memcpy(out.data() + size, text.data(), text.size());
  size += text.size();
}

// {"crashing": N} as to_bytes() would write it.
void tell_crash(int signal) {
  const int before = errno;
  std::array<char, 128> frame{};
  std::size_t size = 16;
  append(frame, size, "{\"crashing\": ");
  size = static_cast<std::size_t>(
      std::to_chars(frame.data() + size, frame.data() + frame.size() - 1, asked_for()).ptr -
      frame.data());
  append(frame, size, "}");
  const auto head = static_cast<std::uint32_t>(size - 16);
  std::memcpy(frame.data(), "PETt", 4);
  std::memcpy(frame.data() + 4, &head, sizeof head);
  ::send(crash_channel, frame.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT);
  errno = before;
  ::raise(signal);  // delivered on return, to its default action
}

}  // namespace

TrialChannel::TrialChannel() {
  struct stat about {};
  if (::fstat(kTrialChannel, &about) != 0 || !S_ISSOCK(about.st_mode)) {
    throw Error(ErrorCode::kUsage,
                "this program tries candidate versions for a service, which starts it itself "
                "(core/live/trial.hpp); it does nothing by hand");
  }
  socket_ = posix::FileDescriptor(kTrialChannel);
  ::fcntl(kTrialChannel, F_SETFD, FD_CLOEXEC);
}

void TrialChannel::send(std::string_view frame) {
  while (!frame.empty()) {
    const ssize_t count = ::send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) posix::throw_errno(errno, "write to", kChannelName);
    frame.remove_prefix(static_cast<std::size_t>(count));
  }
}

Frame TrialChannel::receive(FrameLimits limits) {
  FrameReader reader(limits);
  std::string chunk(std::size_t{256} << 10, '\0');
  while (true) {
    const std::size_t wanted = std::min(chunk.size(), reader.missing());
    const ssize_t count = ::recv(socket_.get(), chunk.data(), wanted, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) posix::throw_errno(errno, "read from", kChannelName);
    if (count == 0) throw Error(ErrorCode::kCorrupt, kChannelName + " was closed");
    reader.append({chunk.data(), static_cast<std::size_t>(count)});
    if (std::optional<Frame> frame = reader.next()) return std::move(*frame);
  }
}

void TrialChannel::await_end() {
  std::array<char, 64> rest;
  ssize_t count = 0;
  do {
    count = ::recv(socket_.get(), rest.data(), rest.size(), 0);
  } while (count > 0 || (count < 0 && errno == EINTR));
}

void die_with_parent(int parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) leave(1);
}

void be_expendable() noexcept {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score < 0) return;
  [[maybe_unused]] const ssize_t written = ::write(score, "1000", 4);
  ::close(score);
}

void limit_memory(std::uint64_t bytes) {
  if (!kMemoryIsLimited) return;
  // Every thread's arena reserves 64 MiB of address space, whatever it uses.
  ::mallopt(M_ARENA_MAX, kMostArenas);
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0)
    posix::throw_errno(errno, "read the limits of", "memory");
  space_at_start = address_space();
  const std::uint64_t most = space_at_start + bytes;
  if (most < bytes || limit.rlim_cur <= most) return;  // none, or a stricter one of the user's
  limit.rlim_cur = most;  // and rlim_max as it is: see lift_memory_limit()
  if (::setrlimit(RLIMIT_AS, &limit) != 0) posix::throw_errno(errno, "limit", "memory");
}

void lift_memory_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_AS, &limit);
}

std::uint64_t asked_for() noexcept {
  const std::uint64_t now = address_space();
  return now > space_at_start ? now - space_at_start : 0;
}

void tell_crashes(const TrialChannel& channel) {
  if (!kMemoryIsLimited) return;  // the sanitizers have handlers of their own
  crash_channel = channel.descriptor();
  struct sigaction action {};
  action.sa_handler = tell_crash;
  // Where the stack is used up nothing can be told; the signal ends the process all the same.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) {
    ::sigaction(signal, &action, nullptr);
  }
}

void leave(int exit_status, std::string_view why) noexcept {
  for (const std::string_view part : {why, std::string_view(why.empty() ? "" : "\n")}) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, part.data(), part.size());
  }
  ::_exit(exit_status);
}

}  // namespace pet::trial
