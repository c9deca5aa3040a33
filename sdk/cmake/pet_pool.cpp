// Compiled into every plugin that carries a static C++ library.
//
// libstdc++ keeps 71 KB per copy for exceptions thrown when memory is out, and never gives it back. A service that
// loads and unloads plugins for months would lose that much each time, so the plugin's copy is freed with it. Only
// with the static library: a shared one belongs to the whole process. libc++ has no such pool.
#include <cstddef>

#ifdef __GLIBCXX__
namespace __gnu_cxx {
void __freeres();
}

__attribute__((destructor)) static void pet_free_exception_pool() { __gnu_cxx::__freeres(); }
#endif
