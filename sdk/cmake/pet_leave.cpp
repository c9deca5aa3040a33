// Compiled into every plugin that carries a static C++ library: gives back what that library's copy
// took for itself.
//
// A service loads and unloads plugins for months, and C++ libraries are not written to leave:
//
//   libstdc++  keeps 71 KB for exceptions thrown when memory is out, and never frees it.
//   libc++     makes a thread-specific key at the first exception, and never deletes it. There are
//              1,024 in a process: the load after the last one aborts. And a thread that ends after
//              the plugin was unloaded runs the key's destructor where the plugin was. So keys made
//              in this binary are counted, and deleted with it.
//
// And it leaves out what libstdc++ would bring for its last words: the demangler of names, 30 KB of
// every plugin.
//
// Only with the static library: a shared one belongs to the whole process. Priority 101 makes this
// the last function of the binary to run, after the destructors of its statics, which may still
// throw.
#include <cstddef>

#if defined(__GLIBCXX__)

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <typeinfo>

namespace __gnu_cxx {
void __freeres();

// In place of libstdc++'s: what std::terminate calls, for an exception that leaves a destructor,
// say. The type is written as the compiler spells it; c++filt -t reads it.
void __verbose_terminate_handler() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) {
    std::fputs("terminate called in a plugin\n", stderr);
    std::abort();
  }
  std::fprintf(stderr, "terminate called in a plugin after throwing '%s'\n", type->name());
  try {
    throw;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "  what():  %s\n", error.what());
  } catch (...) {
  }
  std::abort();
}
}  // namespace __gnu_cxx

__attribute__((destructor(101))) static void pet_free_exception_pool() { __gnu_cxx::__freeres(); }

#elif defined(_LIBCPP_VERSION) && defined(__linux__) && defined(__GLIBC__)

#include <pthread.h>

#include <atomic>

namespace {

struct Key {
  pthread_key_t key;
  void (*destroy)(void*);
};

constexpr unsigned kMaxKeys = 16;  // libc++abi makes one; the others are the author's
Key keys[kMaxKeys];
std::atomic<unsigned> key_count{0};

__attribute__((destructor(101))) void pet_delete_keys() {
  const unsigned count = key_count.load() < kMaxKeys ? key_count.load() : kMaxKeys;
  for (unsigned i = 0; i < count; ++i) {
    void* value = pthread_getspecific(keys[i].key);
    if (value != nullptr && keys[i].destroy != nullptr) keys[i].destroy(value);
    pthread_key_delete(keys[i].key);
  }
}

}  // namespace

// glibc's own name for it; ours below, hidden in this binary, is what the archive of libc++abi
// finds.
extern "C" int __pthread_key_create(pthread_key_t* key, void (*destroy)(void*));

extern "C" __attribute__((visibility("hidden"))) int pthread_key_create(
    pthread_key_t* key, void (*destroy)(void*)) noexcept {
  const int error = __pthread_key_create(key, destroy);
  if (error != 0) return error;
  const unsigned index = key_count.fetch_add(1);
  if (index < kMaxKeys) keys[index] = {*key, destroy};
  return 0;
}

#endif
