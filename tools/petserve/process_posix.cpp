#include "tools/petserve/process_posix.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include "storage/error.hpp"

namespace pet::tools {

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

EndLimit::EndLimit(int stop, std::chrono::milliseconds limit, std::function<void()> on_late)
    : ended_(::eventfd(0, EFD_CLOEXEC)), thread_([this, stop, limit, on_late = std::move(on_late)] {
        pollfd polls[] = {{stop, POLLIN, 0}, {ended_, POLLIN, 0}};
        ::poll(polls, 2, static_cast<int>(limit.count()));
        if ((polls[1].revents & POLLIN) != 0) return;
        on_late();
        std::fflush(nullptr);
        std::_Exit(0);
      }) {}

EndLimit::~EndLimit() {
  ::eventfd_write(ended_, 1);
  thread_.join();
  ::close(ended_);
}

}  // namespace pet::tools
