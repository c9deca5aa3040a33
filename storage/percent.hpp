// %XX in URLs.
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pet {

// The bytes that the text stands for; nullopt when a '%' has no two hexadecimal digits behind it.
std::optional<std::string> percent_decoded(std::string_view text);

// RFC 3986: everything but unreserved characters as %XX; '/' as well unless it `keeps_slashes`.
std::string percent_encoded(std::string_view text, bool keeps_slashes = false);

}  // namespace pet
