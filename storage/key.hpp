// Storage keys: which strings name an object, decided here for every backend.
//
// A key is one or more segments joined by '/': "plugins/MyFilter/latest.json". A segment is 1 to
// 255 of [A-Za-z0-9._-] and does not begin with '.', so "..", hidden files and a backend's own
// temporaries can never be named; the key has at most 1024 bytes. What passes means the same on a
// disk, in an S3 bucket and in a URL, without any escaping.
//
// Threads: pure functions. Throws: pet::Error(kInvalidName), naming the key and the rule it breaks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pet {

inline constexpr std::size_t kMaxKeyBytes = 1024;
inline constexpr std::size_t kMaxSegmentBytes = 255;

bool is_key(std::string_view text) noexcept;

// Throws unless `key` names an object.
void check_key(std::string_view key);

// Throws unless `prefix` can begin a key: "", "plugins/", "plugins/My", "plugins/MyFilter/log/".
void check_prefix(std::string_view prefix);

// `text` in single quotes, fit for one line of a message: what is not printable ASCII as \xNN.
std::string quoted(std::string_view text);

}  // namespace pet
