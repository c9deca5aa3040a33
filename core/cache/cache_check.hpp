// check_cache: whether a cache can be used on this machine, and what to do where it cannot.
//
// cache        it is made where it is missing, trusted, takes a binary, and the binary can be mapped
//              as code; what was put there is removed again
// cache_space  the disk has room for what it may still take
// cache_size   how full it is, and whether damaged binaries were kept
//
// Threads: any. Throws: nothing of the cache's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/check.hpp"

namespace pet {

// `cache` as for BinaryCache::open: a directory, or "memory:", or nothing for the default one.
std::vector<Check> check_cache(const std::string& cache, std::uint64_t max_bytes,
                               const CheckReport& report = {});

}  // namespace pet
