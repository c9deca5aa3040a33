// Boost.DLL maps, looks up and unmaps. What it cannot say is asked of the system's loader: dlclose
// returns success also when the library stays, so the list of mapped objects is searched for it
// afterwards, by address and name.
#include <dlfcn.h>
#include <link.h>

#include <boost/dll/shared_library.hpp>
#include <cstring>
#include <utility>

#include "core/loader/dynamic_library.hpp"

namespace pet {
namespace {

// "boost::dll::shared_library::load() failed (dlerror system message: X): Bad file descriptor" → X
std::string system_text(const std::string& text) {
  constexpr std::string_view kBefore = "(dlerror system message: ";
  const std::size_t begin = text.find(kBefore);
  const std::size_t end = text.rfind("): ");
  if (begin == std::string::npos || end == std::string::npos || end < begin) return text;
  return text.substr(begin + kBefore.size(), end - begin - kBefore.size());
}

struct MappedObject {
  ElfW(Addr) address;
  const char* name;
  bool found = false;
};

int compare_object(dl_phdr_info* info, std::size_t, void* context) {
  auto& wanted = *static_cast<MappedObject*>(context);
  wanted.found = info->dlpi_addr == wanted.address && info->dlpi_name != nullptr &&
                 std::strcmp(info->dlpi_name, wanted.name) == 0;
  return wanted.found ? 1 : 0;
}

// glibc stores addresses in a mapped object's dynamic section, except where that is read-only.
const char* address_in(const link_map& map, ElfW(Addr) value) {
  return reinterpret_cast<const char*>(value < map.l_addr ? value + map.l_addr : value);
}

}  // namespace

struct DynamicLibrary::Impl {
  boost::dll::shared_library library;
  const link_map* map = nullptr;  // valid while mapped
  ElfW(Addr) address = 0;
  std::string name;  // as the system's loader knows it
};

DynamicLibrary::DynamicLibrary(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DynamicLibrary::DynamicLibrary(DynamicLibrary&&) noexcept = default;

DynamicLibrary::~DynamicLibrary() {
  // Boost's destructor would unmap: only close() does, under the loader's lock.
  if (impl_ != nullptr && impl_->library.is_loaded()) static_cast<void>(impl_.release());
}

std::optional<DynamicLibrary> DynamicLibrary::open_mapped(const std::string& path) {
  const std::unique_ptr<void, int (*)(void*)> held(
      ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD), ::dlclose);
  if (held == nullptr) return std::nullopt;
  return open(path);  // while it is held, by name, not by file
}

DynamicLibrary DynamicLibrary::open(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  try {
    // The form without an error_code: the other one loses the system's text.
    using boost::dll::load_mode::type;
    impl->library.load(
        boost::dll::fs::path(path),
        static_cast<type>(boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local));
  } catch (const boost::dll::fs::system_error& error) {
    throw DynamicLibraryError(system_text(error.what()));
  }
  link_map* map = nullptr;
  if (::dlinfo(impl->library.native(), RTLD_DI_LINKMAP, &map) != 0 || map == nullptr) {
    throw DynamicLibraryError("dlinfo knows nothing of a library that was just loaded");
  }
  impl->map = map;
  impl->address = map->l_addr;
  impl->name = map->l_name;
  return DynamicLibrary(std::move(impl));
}

const void* DynamicLibrary::find(const char* symbol) const {
  return impl_->library.has(symbol) ? &impl_->library.get<const char>(symbol) : nullptr;
}

bool DynamicLibrary::close() {
  if (impl_ == nullptr) return true;  // moved from
  impl_->library.unload();
  return !still_mapped();
}

bool DynamicLibrary::still_mapped() const {
  MappedObject wanted{impl_->address, impl_->name.c_str()};
  ::dl_iterate_phdr(compare_object, &wanted);
  return wanted.found;
}

bool DynamicLibrary::has_thread_destructors() const {
  const char* strings = nullptr;
  std::size_t size = 0;
  for (const ElfW(Dyn)* entry = impl_->map->l_ld; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_STRTAB) strings = address_in(*impl_->map, entry->d_un.d_ptr);
    if (entry->d_tag == DT_STRSZ) size = entry->d_un.d_val;
  }
  // Every compiler registers them by this function of the C++ library's, or glibc's with _impl
  // after it.
  constexpr std::string_view kRegister = "__cxa_thread_atexit";
  return strings != nullptr &&
         std::string_view(strings, size).find(kRegister) != std::string_view::npos;
}

}  // namespace pet
