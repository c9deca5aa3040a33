#include "tools/petserve/process_posix.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

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

}  // namespace pet::tools
