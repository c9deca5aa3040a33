#include "core/live/hazard.hpp"

#include <new>

#include "core/live/membarrier_posix.hpp"

namespace pet::hazard {

constinit thread_local Slots* slots_of_this_thread = nullptr;
constinit std::atomic<bool> readers_fence{true};  // until prepare() knows better

namespace {

// Of every thread that ever read; never freed, so that nobody needs a lock to walk it.
constinit std::atomic<Slots*> all_slots{nullptr};

Slots& take_slots() {
  for (Slots* slots = all_slots.load(std::memory_order_acquire); slots != nullptr;
       slots = slots->next) {
    bool expected = false;
    if (slots->taken.compare_exchange_strong(expected, true, std::memory_order_acq_rel)) {
      return *slots;
    }
  }
  auto* const added = new Slots;
  added->next = all_slots.load(std::memory_order_relaxed);
  while (!all_slots.compare_exchange_weak(added->next, added, std::memory_order_acq_rel)) {
  }
  return *added;
}

// Gives the thread's slots back when it ends.
struct Attachment {
  Slots* slots = nullptr;
  ~Attachment() {
    slots_of_this_thread = nullptr;
    if (slots != nullptr) slots->taken.store(false, std::memory_order_release);
  }
};

}  // namespace

void prepare() {
  static const bool has_membarrier = register_membarrier();
  readers_fence.store(!has_membarrier, std::memory_order_relaxed);
}

// A thread that reads while its thread_locals are being destroyed takes slots that nobody gives back.
Slots& attach_this_thread() {
  thread_local Attachment attachment;
  Slots& slots = take_slots();
  attachment.slots = &slots;
  slots_of_this_thread = &slots;
  return slots;
}

std::size_t users_of(const void* object) noexcept {
#if !PET_HAZARD_READER_FENCES
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
  if (!readers_fence.load(std::memory_order_relaxed)) membarrier();
  std::size_t users = 0;
  for (Slots* slots = all_slots.load(std::memory_order_acquire); slots != nullptr;
       slots = slots->next) {
    for (const std::atomic<const void*>& held : slots->held) {
#if PET_HAZARD_READER_FENCES
      users += held.load(std::memory_order_seq_cst) == object;
#else
      users += held.load(std::memory_order_acquire) == object;
#endif
    }
  }
  return users;
}

}  // namespace pet::hazard
