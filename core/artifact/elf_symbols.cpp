#include "core/artifact/elf_symbols.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/artifact/dotted_version.hpp"
#include "pet/abi.h"

namespace pet {
namespace {

constexpr unsigned kBindGlobal = 1, kBindWeak = 2, kBindUnique = 10;
constexpr unsigned kTypeFunction = 2, kTypeTls = 6, kTypeIfunc = 10;
constexpr unsigned kVisibilityDefault = 0, kVisibilityProtected = 3;
constexpr std::size_t kMaxVersions = 4096;
constexpr std::uint32_t kRelocationNone = 0, kX86Relative = 8, kX86IRelative = 37,
                        kAarch64Relative = 1027, kAarch64IRelative = 1032;

std::size_t count_by_sysv_hash(const ElfImage& image) {
  const auto table = image.from(image.tag(elf::kHash), "symbol hash table");
  if (table.size() < 8) throw_corrupt("is malformed: its symbol hash table is cut off");
  const std::uint64_t buckets = load<std::uint32_t>(table, 0);
  const std::uint64_t chains = load<std::uint32_t>(table, 4);
  if (2 + buckets + chains > table.size() / 4) {
    throw_corrupt("is malformed: its symbol hash table reaches beyond the file");
  }
  return chains;
}

// The table has buckets of first symbols and, for each symbol, a word whose lowest bit ends a bucket's run. The run of the
// highest first symbol ends the symbols; when it ends inside the file, so do all others.
std::size_t count_by_gnu_hash(const ElfImage& image) {
  const auto table = image.from(image.tag(elf::kGnuHash), "symbol hash table");
  if (table.size() < 16) throw_corrupt("is malformed: its symbol hash table is cut off");
  const std::uint64_t buckets = load<std::uint32_t>(table, 0);
  const std::uint64_t first = load<std::uint32_t>(table, 4);
  const std::uint64_t filters = load<std::uint32_t>(table, 8);
  const std::uint64_t head = 16 + filters * 8 + buckets * 4;
  if (head > table.size() || !std::has_single_bit(filters)) {
    throw_corrupt("is malformed: its symbol hash table is damaged");
  }
  std::uint64_t highest = 0;
  for (std::uint64_t i = 0; i < buckets; ++i) {
    const std::uint64_t symbol = load<std::uint32_t>(table, 16 + filters * 8 + i * 4);
    if (symbol != 0 && symbol < first)
      throw_corrupt("is malformed: its symbol hash table is damaged");
    highest = std::max(highest, symbol);
  }
  if (highest == 0) return 0;  // nothing is exported: `first` tells nothing either
  for (std::uint64_t chain = head + (highest - first) * 4; chain + 4 <= table.size(); chain += 4) {
    if ((load<std::uint32_t>(table, chain) & 1) != 0) return first + (chain - head) / 4 + 1;
  }
  throw_corrupt("is malformed: its symbol hash table has no end");
}

void add(SymbolNames& symbols, const ElfImage& image, std::uint32_t name) {
  ++symbols.count;
  if (symbols.names.size() < SymbolNames::kMaxKept) symbols.names.push_back(image.name(name));
}

// The part after a prefix like "GLIBC_", when it is a number higher than `floor`.
void raise(std::string& floor, std::string_view version, std::string_view prefix) {
  if (!version.starts_with(prefix)) return;
  version.remove_prefix(prefix.size());
  const auto parsed = parse_dotted(version);
  if (!parsed) return;
  const auto highest = parse_dotted(floor);
  if (!highest || *parsed > *highest) floor = version;
}

// The entries of both levels are linked by distances, so a damaged file can make them share and revisit bytes: no more
// entries are read than have room.
class VersionWalk {
 public:
  VersionWalk(const ElfImage& image, std::span<const std::byte> table)
      : image_(image), table_(table), left_(std::min(table.size() / 16, kMaxVersions)) {}

  void read(std::uint64_t libraries, Facts& facts);
  std::uint16_t highest_index() const noexcept { return highest_index_; }

 private:
  void read_versions(std::uint64_t offset, std::size_t count, VersionNeed& need, Facts& facts);
  void require(std::uint64_t offset);
  std::uint32_t step(std::uint64_t offset, std::uint64_t left) const;

  const ElfImage& image_;
  std::span<const std::byte> table_;
  std::size_t left_;
  std::uint16_t highest_index_ = 1;
};

void VersionWalk::require(std::uint64_t offset) {
  if (offset > table_.size() || table_.size() - offset < 16 || left_ == 0) {
    throw_corrupt("is malformed: its symbol versions reach beyond the file");
  }
  --left_;
}

void VersionWalk::read(std::uint64_t libraries, Facts& facts) {
  std::uint64_t offset = 0;
  do {
    require(offset);
    VersionNeed need;
    need.library = image_.name(load<std::uint32_t>(table_, offset + 4));
    read_versions(offset + load<std::uint32_t>(table_, offset + 8),
                  load<std::uint16_t>(table_, offset + 2), need, facts);
    facts.version_needs.push_back(std::move(need));
    offset += step(offset, --libraries);
  } while (libraries > 0);
}

// The loader follows the distances to a 0, whatever the count says.
std::uint32_t VersionWalk::step(std::uint64_t offset, std::uint64_t left) const {
  const auto next = load<std::uint32_t>(table_, offset + 12);
  if ((next == 0) != (left == 0)) {
    throw_corrupt("is malformed: its symbol versions are not as many as it says");
  }
  return next;
}

void VersionWalk::read_versions(std::uint64_t offset, std::size_t count, VersionNeed& need,
                                Facts& facts) {
  do {
    require(offset);
    highest_index_ =
        std::max<std::uint16_t>(highest_index_, load<std::uint16_t>(table_, offset + 6) & 0x7fff);
    std::string version = image_.name(load<std::uint32_t>(table_, offset + 8));
    raise(facts.glibc_floor, version, "GLIBC_");
    raise(facts.glibcxx_floor, version, "GLIBCXX_");
    need.versions.push_back(std::move(version));
    offset += step(offset, --count);
  } while (count > 0);
}

bool is_code(const ElfImage& image, std::uint64_t address) noexcept {
  const ElfImage::Segment* segment = image.segment_of(address, 1);
  return segment != nullptr && (segment->flags & elf::kExecute) != 0;
}

// Lists of functions that the loader calls by themselves. Their entries are filled in by relocations.
bool in_call_list(const ElfImage& image, std::uint64_t place) noexcept {
  return place - image.tag(elf::kInitArray) < image.tag(elf::kInitArraySize) ||
         place - image.tag(elf::kFiniArray) < image.tag(elf::kFiniArraySize);
}

class RelocationWalk {
 public:
  RelocationWalk(const ElfImage& image, std::size_t symbols, Facts& facts)
      : image_(image), symbols_(symbols), facts_(facts), is_x86_(image.machine() == elf::kX86_64) {}

  void read(std::uint64_t address, std::uint64_t size);
  void read_packed(std::uint64_t address, std::uint64_t size);

 private:
  void check_packed(std::uint64_t place);
  void check(std::uint64_t place, std::uint64_t info, std::uint64_t addend);

  const ElfImage& image_;
  const std::size_t symbols_;
  Facts& facts_;
  const bool is_x86_;
  const ElfImage::Segment* home_ = nullptr;  // most relocations write where the one before did
};

void RelocationWalk::read(std::uint64_t address, std::uint64_t size) {
  if ((address == 0) != (size == 0) || size % elf::kRelocationSize != 0) {
    throw_corrupt("is malformed: its relocation table has no address or no fitting size");
  }
  if (size == 0) return;
  const auto table = image_.at(address, size, "relocation table");
  for (std::size_t i = 0; i < table.size(); i += elf::kRelocationSize) {
    check(load<std::uint64_t>(table, i), load<std::uint64_t>(table, i + 8),
          load<std::uint64_t>(table, i + 16));
  }
}

// Relative relocations, packed: an even word is the address of a place, an odd one says in its upper 63 bits which of the
// 63 words after the last place or bitmap are places too. No word stands for more than 63 places.
void RelocationWalk::read_packed(std::uint64_t address, std::uint64_t size) {
  constexpr std::uint64_t kWord = 8, kPlacesOfBitmap = 63;
  if ((address == 0) != (size == 0) || size % kWord != 0) {
    throw_corrupt("is malformed: its packed relocation table has no address or no fitting size");
  }
  if (size == 0) return;
  const auto table = image_.at(address, size, "packed relocation table");
  if (load<std::uint64_t>(table, 0) % 2 != 0) {
    throw_corrupt("is malformed: its packed relocation table begins without an address");
  }
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < table.size(); i += kWord) {
    const auto word = load<std::uint64_t>(table, i);
    if (word % 2 == 0) {
      check_packed(word);
      next = word + kWord;
      continue;
    }
    for (std::uint64_t bit = 0; bit < kPlacesOfBitmap; ++bit) {
      if ((word >> (bit + 1) & 1) != 0) check_packed(next + bit * kWord);
    }
    next += kPlacesOfBitmap * kWord;
  }
}

// The loader adds to what stands at the place, so the place itself holds the address before that.
void RelocationWalk::check_packed(std::uint64_t place) {
  if (home_ == nullptr || !home_->holds(place, 8)) home_ = image_.segment_of(place, 8);
  if (home_ == nullptr || (home_->flags & elf::kWrite) == 0) {
    throw_corrupt("is malformed: a packed relocation writes outside of what is writable");
  }
  if (!in_call_list(image_, place)) return;
  const auto bytes = image_.at(place, 8, "list of functions that run while it is loaded");
  if (!is_code(image_, load<std::uint64_t>(bytes, 0))) {
    throw_corrupt("is malformed: a function that runs while it is loaded is not code");
  }
}

void RelocationWalk::check(std::uint64_t place, std::uint64_t info, std::uint64_t addend) {
  const auto type = static_cast<std::uint32_t>(info);
  const std::uint64_t symbol = info >> 32;
  if (type == kRelocationNone) return;
  if (home_ == nullptr || !home_->holds(place, 8)) home_ = image_.segment_of(place, 8);
  if (home_ == nullptr)
    throw_corrupt("is malformed: a relocation writes outside of what is loaded");
  if (symbol != 0 && symbol >= symbols_) {
    throw_corrupt("is malformed: a relocation names a symbol that there is not");
  }
  if ((home_->flags & elf::kWrite) == 0) facts_.text_relocations = true;
  const bool resolver = type == (is_x86_ ? kX86IRelative : kAarch64IRelative);
  facts_.has_ifunc |= resolver;
  const bool called = resolver || (type == (is_x86_ ? kX86Relative : kAarch64Relative) &&
                                   in_call_list(image_, place));
  if (called && !is_code(image_, addend)) {
    throw_corrupt("is malformed: a function that runs while it is loaded is not code");
  }
}

}  // namespace

SymbolCount count_symbols(const ElfImage& image) {
  SymbolCount count;
  if (image.tag(elf::kGnuHash) != 0) count.known = count_by_gnu_hash(image);
  if (image.tag(elf::kHash) != 0) count.known = std::max(count.known, count_by_sysv_hash(image));
  count.limit = count.known;
  if (count.known == 0 && image.tag(elf::kSymTab) != 0) {
    count.limit = image.from(image.tag(elf::kSymTab), "symbol table").size() / elf::kSymbolSize;
  }
  return count;
}

void read_symbols(const ElfImage& image, SymbolCount count, Facts& facts) {
  if (count.known == 0) return;
  if (image.tag(elf::kSymEntry) != elf::kSymbolSize) {
    throw_corrupt("is malformed: its symbols are not of 24 bytes");
  }
  const auto table =
      image.at(image.tag(elf::kSymTab), count.known * elf::kSymbolSize, "symbol table");
  for (std::size_t i = 0; i < count.known; ++i) {
    const auto symbol = table.subspan(i * elf::kSymbolSize);
    const auto name = load<std::uint32_t>(symbol, 0);
    const auto info = load<std::uint8_t>(symbol, 4);
    const auto visibility = load<std::uint8_t>(symbol, 5) & 3u;
    const auto section = load<std::uint16_t>(symbol, 6);
    const auto address = load<std::uint64_t>(symbol, 8);
    if (name >= image.names_size()) {
      throw_corrupt("is malformed: a symbol's name lies outside of its string table");
    }
    const unsigned bind = info >> 4, type = info & 15u;
    const bool shared = bind == kBindGlobal || bind == kBindWeak || bind == kBindUnique;
    if (!shared || section == 0) continue;
    if (visibility != kVisibilityDefault && visibility != kVisibilityProtected) continue;
    add(facts.exports, image, name);
    if (bind == kBindUnique) add(facts.unique_symbols, image, name);
    facts.has_ifunc |= type == kTypeIfunc;
    if (!image.name_is(name, PET_ENTRY_SYMBOL)) continue;
    const bool data = type != kTypeFunction && type != kTypeIfunc && type != kTypeTls;
    facts.has_entry = data && image.segment_of(address, sizeof(pet_entry)) != nullptr;
  }
}

void read_version_needs(const ElfImage& image, SymbolCount count, Facts& facts) {
  const bool versioned = image.tag(elf::kVerneed) != 0 || image.tag(elf::kVerdef) != 0;
  if (versioned != (image.tag(elf::kVersym) != 0)) {
    throw_corrupt("is malformed: symbol versions and the list of their uses belong together");
  }
  if (image.tag(elf::kVerneed) == 0) return;
  VersionWalk walk(image, image.from(image.tag(elf::kVerneed), "table of symbol versions"));
  walk.read(image.tag(elf::kVerneedCount), facts);
  if (image.tag(elf::kVerdef) != 0) return;
  const auto indices =
      image.at(image.tag(elf::kVersym), count.known * 2, "list of symbol versions");
  for (std::size_t i = 0; i < count.known; ++i) {
    if ((load<std::uint16_t>(indices, i * 2) & 0x7fff) > walk.highest_index()) {
      throw_corrupt("is malformed: a symbol has a version that there is not");
    }
  }
}

void check_relocations(const ElfImage& image, SymbolCount count, Facts& facts) {
  if (image.tag(elf::kRela) != 0 && image.tag(elf::kRelaEntry) != elf::kRelocationSize) {
    throw_corrupt("is malformed: its relocations are not of 24 bytes");
  }
  if (image.tag(elf::kJmpRel) != 0 && image.tag(elf::kPltRel) != elf::kRela) {
    throw_corrupt("is malformed: its relocations of functions are of an unknown kind");
  }
  if (image.tag(elf::kRelr) != 0 && image.tag(elf::kRelrEntry) != 8) {
    throw_corrupt("is malformed: its packed relocations are not of 8 bytes");
  }
  RelocationWalk walk(image, count.limit, facts);
  walk.read(image.tag(elf::kRela), image.tag(elf::kRelaSize));
  walk.read(image.tag(elf::kJmpRel), image.tag(elf::kPltRelSize));
  walk.read_packed(image.tag(elf::kRelr), image.tag(elf::kRelrSize));
}

}  // namespace pet
