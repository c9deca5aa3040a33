#include "storage/http/url.hpp"

#include <memory>
#include <new>

#include "storage/ascii.hpp"
#include "storage/http/curl_library_posix.hpp"

namespace pet {
namespace {

class Handle {
 public:
  Handle() : handle_(CurlLibrary::get().url()) {
    if (handle_ == nullptr) throw std::bad_alloc();
  }
  ~Handle() { CurlLibrary::get().url_cleanup(handle_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // A relative one is resolved against what was set before.
  bool set(const std::string& text) {
    return CurlLibrary::get().url_set(handle_, CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
  }
  std::string get(CURLUPart part, unsigned flags = 0) const {
    char* text = nullptr;
    if (CurlLibrary::get().url_get(handle_, part, &text, flags) != CURLUE_OK) return "";
    const std::unique_ptr<char, decltype(CurlLibrary::get().free)> owned(text,
                                                                         CurlLibrary::get().free);
    return text;
  }

 private:
  CURLU* handle_;
};

}  // namespace

std::optional<Url> Url::parse(const std::string& text) {
  if (text.find('\0') != std::string::npos) return std::nullopt;
  Handle handle;
  if (!handle.set(text)) return std::nullopt;
  Url url;
  url.scheme = small_letters(handle.get(CURLUPART_SCHEME));
  url.host = small_letters(handle.get(CURLUPART_HOST));
  url.port = handle.get(CURLUPART_PORT, CURLU_DEFAULT_PORT);
  url.has_user = !handle.get(CURLUPART_USER).empty() || !handle.get(CURLUPART_PASSWORD).empty();
  url.text = text;
  return url;
}

bool Url::is_loopback() const {
  const bool is_address = host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host == "[::1]" || (is_address && host.starts_with("127."));
}

std::optional<std::string> Url::resolve(std::string_view link) const {
  if (link.empty() || link.find('\0') != std::string_view::npos) return std::nullopt;
  Handle handle;
  if (!handle.set(text) || !handle.set(std::string(link))) return std::nullopt;
  return handle.get(CURLUPART_URL);
}

}  // namespace pet
