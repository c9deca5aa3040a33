// Memory that runs out where a test says so: replaces operator new of the whole program, so one file
// of it includes this.
//
//   allocations_left = 3;      // of this thread's, the third one fails
//   try { … } catch (const std::bad_alloc&) {}
//   allocations_left = -1;     // none does
#pragma once

#include <cstdlib>
#include <new>

namespace pet::test {

inline thread_local long allocations_left = -1;  // the one that makes it 0 fails

}  // namespace pet::test

// Not inlined: GCC would see free() for what it believes the ordinary operator new returned.
[[gnu::noinline]] void* operator new(std::size_t size) {
  long& left = pet::test::allocations_left;
  void* memory = left > 0 && --left == 0 ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);  // never fails on request
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
