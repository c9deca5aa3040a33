#include "tools/petctl/take_stdout_posix.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace pet::tools {

std::FILE* take_stdout() {
  std::fflush(stdout);
  const int copy = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  std::FILE* const taken = copy < 0 ? nullptr : ::fdopen(copy, "w");
  if (taken == nullptr || ::dup2(STDERR_FILENO, STDOUT_FILENO) >= 0) return taken;
  // No stderr: what others print is for nobody.
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) ::dup2(nowhere, STDOUT_FILENO);
  return taken;
}

bool stdout_has_colours() {
  const char* const terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
}

}  // namespace pet::tools
