#include "tools/petserve/process_posix.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "storage/error.hpp"

namespace pet::tools {

using std::chrono::milliseconds;

std::uint64_t resident_memory() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  if (!(in >> all >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

bool is_terminal_stderr() { return ::isatty(STDERR_FILENO) == 1; }

StopSignals::StopSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  descriptor_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  if (descriptor_ >= 0) return;
  throw Error(ErrorCode::kUsage, std::string("cannot wait for signals: ") + std::strerror(errno));
}

StopSignals::~StopSignals() { ::close(descriptor_); }

namespace {

int new_event() {
  const int event = ::eventfd(0, EFD_CLOEXEC);
  if (event >= 0) return event;
  throw Error(ErrorCode::kUsage, std::string("cannot limit the end: ") + std::strerror(errno));
}

// Whether `stop` or `ended` can be read; nothing when `limit` is over before.
std::optional<int> first_of(int stop, int ended, milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  pollfd polls[] = {{stop, POLLIN, 0}, {ended, POLLIN, 0}};
  int count = -1;
  do {
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    count = ::poll(polls, 2, static_cast<int>(std::max(left, milliseconds(0)).count()));
  } while (count < 0 && errno == EINTR);
  if ((polls[1].revents & POLLIN) != 0) return ended;
  return count > 0 ? std::optional(stop) : std::nullopt;
}

}  // namespace

EndLimit::EndLimit(int stop, milliseconds limit, std::function<void(Late)> on_late)
    : ended_(new_event()), thread_([this, stop, limit, on_late = std::move(on_late)] {
        const std::optional<int> first = first_of(stop, ended_, limit);
        if (first == ended_) return;
        on_late(first ? Late::kSignal : Late::kTime);
        std::_Exit(0);
      }) {}

EndLimit::~EndLimit() {
  ::eventfd_write(ended_, 1);
  thread_.join();
  ::close(ended_);
}

}  // namespace pet::tools
