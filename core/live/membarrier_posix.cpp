#include "core/live/membarrier_posix.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

namespace pet::hazard {
namespace {

long call(int command) noexcept { return ::syscall(__NR_membarrier, command, 0, 0); }

}  // namespace

bool register_membarrier() noexcept { return call(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0; }

// It cannot fail once it is registered; going on without it could free what is being read.
void membarrier() noexcept {
  if (call(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0) std::abort();
}

}  // namespace pet::hazard
