#include "storage/http/curl_library_posix.hpp"

#include <dlfcn.h>

#include <string>

#include "storage/error.hpp"

namespace pet {
namespace {

constexpr char kFile[] = "libcurl.so.4";

[[noreturn]] void throw_missing() {
  const char* const why = dlerror();
  throw Error(ErrorCode::kStorageUnsupported,
              std::string("storage over HTTP needs libcurl, which cannot be loaded: ") +
                  (why ? why : kFile) + "\n  try: apt-get install libcurl4");
}

template <class Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) throw_missing();
}

CurlLibrary load() {
  // Never closed: its connections, and the libraries below it, may have threads and exit handlers.
  void* const library = dlopen(kFile, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) throw_missing();
  CurlLibrary curl{};
  decltype(&::curl_global_init) global_init = nullptr;
  find(library, "curl_global_init", global_init);
  find(library, "curl_version", curl.version);
  find(library, "curl_easy_init", curl.easy_init);
  find(library, "curl_easy_reset", curl.easy_reset);
  find(library, "curl_easy_setopt", curl.easy_setopt);
  find(library, "curl_easy_perform", curl.easy_perform);
  find(library, "curl_easy_getinfo", curl.easy_getinfo);
  find(library, "curl_easy_strerror", curl.easy_strerror);
  find(library, "curl_easy_cleanup", curl.easy_cleanup);
  find(library, "curl_free", curl.free);
  find(library, "curl_url", curl.url);
  find(library, "curl_url_set", curl.url_set);
  find(library, "curl_url_get", curl.url_get);
  find(library, "curl_url_cleanup", curl.url_cleanup);
  find(library, "curl_slist_append", curl.slist_append);
  find(library, "curl_slist_free_all", curl.slist_free_all);
  if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    throw Error(ErrorCode::kStorageUnsupported, "libcurl cannot be initialised");
  }
  return curl;
}

}  // namespace

const CurlLibrary& CurlLibrary::get() {
  static const CurlLibrary curl = load();
  return curl;
}

}  // namespace pet
