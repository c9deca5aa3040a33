// hazard: objects that threads read without a lock, and when nobody reads them any more. (Inside
// core/live only; what others use is Live<T>.)
//
// A thread that is about to read an object first writes its address into a slot of its own, and looks
// whether the object is still the current one. Who replaced an object looks at all slots before
// destroying it. (M. Michael, "Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects", IEEE
// TPDS 15(6), 2004.) Between a reader's write and its look there has to be a full barrier, which costs
// more than everything else together; so the seldom side pays for both: membarrier(2) makes every
// running thread of the process pass one. Where the kernel has none, readers pass their own.
//
// Threads: any. A slot belongs to the thread that holds it. Slots of ended threads serve later ones.
// Costs:   a reader some 1 ns; users_of() a membarrier (about 1 µs) and a look at each slot of each
//          thread that ever was at the same time as others.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#if defined(__SANITIZE_THREAD__)
#define PET_HAZARD_READER_FENCES 1  // ThreadSanitizer cannot see what membarrier orders
#else
#define PET_HAZARD_READER_FENCES 0
#endif

namespace pet::hazard {

// One thread's, one cache line.
struct alignas(64) Slots {
  static constexpr unsigned kReads = 6;         // that one thread can have open at once
  static constexpr unsigned kPassing = kReads;  // for who counts a reference meanwhile

  // What the thread reads; null: the slot is free. Only the thread itself writes.
  std::array<std::atomic<const void*>, kReads + 1> held{};

  // The next line, which readers do not touch.
  alignas(64) std::atomic<bool> taken{true};
  Slots* next = nullptr;
};

// Before the first object can be read.
void prepare();

extern constinit thread_local Slots* slots_of_this_thread;
extern constinit std::atomic<bool> readers_fence;

// Throws std::bad_alloc.
Slots& attach_this_thread();

inline Slots& here() {
  Slots* const slots = slots_of_this_thread;
  return slots != nullptr ? *slots : attach_this_thread();
}

// One of the thread's slots for a Read; nullptr when all are in use. It is free already, or is not: no
// arithmetic on a mask, whose result the next Read would have to wait for.
inline std::atomic<const void*>* free_slot(Slots& slots) noexcept {
  for (unsigned i = 0; i < Slots::kReads; ++i) {
    if (slots.held[i].load(std::memory_order_relaxed) == nullptr) [[likely]]
      return &slots.held[i];
  }
  return nullptr;
}

// The object that `current` points at, which is not destroyed before held[slot] is cleared.
template <class Object>
[[gnu::always_inline]] inline Object* protect(const std::atomic<Object*>& current,
                                              std::atomic<const void*>& held) noexcept {
  Object* object = current.load(std::memory_order_acquire);
  for (;;) {
#if PET_HAZARD_READER_FENCES
    held.store(object, std::memory_order_seq_cst);
    Object* const now = current.load(std::memory_order_seq_cst);
#else
    held.store(object, std::memory_order_release);
    if (readers_fence.load(std::memory_order_relaxed)) [[unlikely]] {
      std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the compiler keeps the order, too
    Object* const now = current.load(std::memory_order_acquire);
#endif
    if (now == object) [[likely]]
      return object;
    object = now;  // replaced between the two: once more for each replacement
  }
}

inline void release(std::atomic<const void*>& held) noexcept {
  held.store(nullptr, std::memory_order_release);
}

// How many slots hold the object. REQUIRES: it is current no more, so that none can come to hold it
// after this call, but from one that does.
std::size_t users_of(const void* object) noexcept;

}  // namespace pet::hazard
