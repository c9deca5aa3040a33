// Symbols, versions and relocations of an ElfImage. Internal to this room.
//
// Every function walks its table once, forward, and checks what the loader would follow blindly. Throws MalformedElf.
#pragma once

#include <cstddef>

#include "core/artifact/elf_image.hpp"
#include "core/artifact/facts.hpp"

namespace pet {

// The hash table that the loader searches is the only place that tells how many dynamic symbols there are. When nothing
// is exported it may tell nothing: then `known` is less than `limit`, which is what there is room for.
struct SymbolCount {
  std::size_t known = 0;
  std::size_t limit = 0;
};
SymbolCount count_symbols(const ElfImage& image);

// Fills exports, unique_symbols, has_entry and has_ifunc.
void read_symbols(const ElfImage& image, SymbolCount count, Facts& facts);

// Fills version_needs and both floors.
void read_version_needs(const ElfImage& image, SymbolCount count, Facts& facts);

// Checks all three relocation tables; fills text_relocations and has_ifunc.
void check_relocations(const ElfImage& image, SymbolCount count, Facts& facts);

}  // namespace pet
