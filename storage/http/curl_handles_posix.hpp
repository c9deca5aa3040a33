// CurlHandles: libcurl's handles that are not in use, each with its connections. (Inside storage/http
// only.)
//
// Forks:   a child of fork() uses none of its parent's.
// Threads: any. Throws: std::bad_alloc; kStorageUnsupported without libcurl.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <vector>

namespace pet {

class CurlHandles {
 public:
  CurlHandles();
  ~CurlHandles();
  CurlHandles(const CurlHandles&) = delete;
  CurlHandles& operator=(const CurlHandles&) = delete;

  // The one that was used last, or a new one: a CURL*, which curl.h says is this.
  void* take();
  void give_back(void* handle) noexcept;

 private:
  std::mutex mutex_;
  std::vector<void*> idle_;
  pid_t process_;
};

}  // namespace pet
