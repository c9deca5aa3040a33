#include "core/live/live.hpp"

namespace pet::hazard {
namespace {

// Each holds the last reference on a version that was read when everybody else had dropped it.
constinit std::atomic<Counted*> retired{nullptr};

}  // namespace

// REQUIRES: the caller has the only reference, so that nobody but a Read can add one.
void Counted::drop_last() noexcept {
  if (users_of(this) == 0) {
    if (references_.load(std::memory_order_acquire) == 1) {
      delete this;
    } else {
      drop();  // a Read has become a Snapshot meanwhile
    }
    return;
  }
  next_retired_ = retired.load(std::memory_order_relaxed);
  while (!retired.compare_exchange_weak(next_retired_, this, std::memory_order_acq_rel)) {
  }
}

// Takes the whole list, so that no two callers see one version; what is still read goes back.
void destroy_unused() noexcept {
  if (retired.load(std::memory_order_relaxed) == nullptr) return;
  Counted* version = retired.exchange(nullptr, std::memory_order_acq_rel);
  while (version != nullptr) {
    Counted* const next = version->next_retired_;
    version->drop();
    version = next;
  }
}

}  // namespace pet::hazard
