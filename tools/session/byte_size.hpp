// Sizes as people write and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pet::tools {

// "500 MB", "1.5GiB", "4096": KB, MB, GB and TB are powers of 1000, KiB, MiB, GiB and TiB of 1024,
// in capitals or not. nullopt for anything else, and for more than 2^63 bytes.
std::optional<std::uint64_t> parse_byte_size(std::string_view text);

// "999 bytes", "51.6 KB", "1.2 GB".
std::string byte_count(std::uint64_t bytes);

}  // namespace pet::tools
