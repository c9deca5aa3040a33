#include "storage/http/curl_handles_posix.hpp"

#include <unistd.h>

#include <cstddef>
#include <new>

#include "storage/http/curl_library_posix.hpp"

namespace pet {
namespace {

constexpr std::size_t kMostIdle = 128;

}  // namespace

CurlHandles::CurlHandles() : process_(::getpid()) {}

CurlHandles::~CurlHandles() {
  if (process_ != ::getpid()) return;
  for (CURL* handle : idle_) CurlLibrary::get().easy_cleanup(handle);
}

void* CurlHandles::take() {
  {
    const std::lock_guard lock(mutex_);
    // After a fork the connections are the parent's. They are left as they are: closing them
    // in order would end the parent's, too.
    if (process_ != ::getpid()) {
      idle_.clear();
      process_ = ::getpid();
    }
    if (!idle_.empty()) {
      CURL* const handle = idle_.back();
      idle_.pop_back();
      return handle;
    }
  }
  CURL* const handle = CurlLibrary::get().easy_init();
  if (handle == nullptr) throw std::bad_alloc();
  return handle;
}

void CurlHandles::give_back(void* handle) noexcept {
  CurlLibrary::get().easy_reset(handle);  // connections stay
  try {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMostIdle) return idle_.push_back(handle);
  } catch (const std::bad_alloc&) {
  }
  CurlLibrary::get().easy_cleanup(handle);
}

}  // namespace pet
