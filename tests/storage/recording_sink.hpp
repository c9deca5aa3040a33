// RecordingSink: what a storage gave to a sink, and a sink that fails on demand.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/byte_sink.hpp"
#include "storage/error.hpp"

namespace pet::test {

class RecordingSink final : public ByteSink {
 public:
  std::vector<std::optional<std::uint64_t>> begun;  // the size that each begin() announced
  std::string bytes;                                // since the last
  std::size_t largest_piece = 0;
  std::optional<std::uint64_t> fails_after;  // so many bytes, with "the sink is full"
  std::vector<char> place;                   // for room()
  std::size_t pieces_in_place = 0;

  void begin(std::optional<std::uint64_t> size) override {
    begun.push_back(size);
    bytes.clear();
  }
  void write(std::string_view piece) override {
    bytes.append(piece);
    if (!place.empty() && piece.data() == place.data()) ++pieces_in_place;
    largest_piece = std::max(largest_piece, piece.size());
    if (fails_after && bytes.size() > *fails_after) {
      throw Error(ErrorCode::kStorageRefused, "the sink is full");
    }
  }
  std::span<char> room(std::size_t most) noexcept override {
    return {place.data(), std::min(most, place.size())};
  }
};

}  // namespace pet::test
