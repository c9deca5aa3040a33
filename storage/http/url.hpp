// Url: the parts of a URL that decide whom to trust, as libcurl reads them: what is checked here is
// what is then asked.
//
// Threads: any. Throws: kStorageUnsupported without libcurl.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pet {

struct Url {
  std::string scheme;  // in small letters
  std::string host;    // in small letters
  std::string port;    // the scheme's own, where none is given
  bool has_user = false;
  std::string text;  // all of it

  // nullopt for what is no URL with a scheme.
  static std::optional<Url> parse(const std::string& text);

  bool is_loopback() const;
  bool same_origin(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
  // What a link on this page leads to.
  std::optional<std::string> resolve(std::string_view link) const;
};

}  // namespace pet
