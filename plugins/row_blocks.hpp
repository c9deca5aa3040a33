// for_each_row_block: rows, a block at a time, on the host's threads.
//
// Blocks are the same whatever the number of threads: what is added up within one is added up in the
// same order everywhere.
#pragma once

#include <algorithm>
#include <cstdint>
#include <pet/host.hpp>

namespace pet::plugins {

// Calls body(begin, end) for every block of at most `rows_per_block` rows, block b beginning at
// b * rows_per_block. One block is done on the caller's thread.
template <class Body>
void for_each_row_block(const Host& host, std::int64_t rows, std::int64_t rows_per_block,
                        const Body& body) {
  if (rows <= rows_per_block) return body(std::int64_t{0}, rows);
  const auto blocks = static_cast<std::uint64_t>((rows - 1) / rows_per_block + 1);
  host.parallel_for(blocks, [&](std::uint64_t block) {
    const std::int64_t begin = static_cast<std::int64_t>(block) * rows_per_block;
    body(begin, std::min(begin + rows_per_block, rows));
  });
}

}  // namespace pet::plugins
