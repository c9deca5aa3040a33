// npy_header: the text at the start of a .npy file, a Python dict literal.
//
//   {'descr': '<f8', 'fortran_order': False, 'shape': (105, 4), }
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <pet/tensor.hpp>
#include <string>
#include <string_view>

namespace pet::tools {

struct NpyHeader {
  pet_dtype dtype;
  std::uint32_t text_length = 0;  // of '<U' texts, in code points; 0: numbers of `dtype`
  bool fortran_order = false;
  Shape shape;

  // The size of the elements; nothing when it does not fit into an int64.
  std::optional<std::int64_t> data_bytes() const;
};

// On failure `why` says what was expected and what came.
std::optional<NpyHeader> parse_npy_header(std::string_view text, std::string& why);

// The dict, without padding. REQUIRES: texts, or a type that npy_descr knows.
std::string npy_header_text(const NpyHeader& header);

// "<f8"; empty for a type that .npy has no name for.
std::string npy_descr(pet_dtype dtype);

}  // namespace pet::tools
