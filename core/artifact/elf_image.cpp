#include "core/artifact/elf_image.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace pet {
namespace {

static_assert(std::endian::native == std::endian::little, "load() reads little-endian files only");

constexpr std::size_t kMaxSegments = 128;
constexpr std::uint64_t kPage = 4096;
// Far beyond any plugin, and small enough that sums of such numbers cannot overflow.
constexpr std::uint64_t kMaxAddress = std::uint64_t{1} << 40;
constexpr std::uint64_t kMaxAlign = std::uint64_t{1} << 24;

std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

void throw_corrupt(std::string reason) {
  throw MalformedElf{ErrorCode::kCorrupt, std::move(reason)};
}

ElfImage::ElfImage(std::span<const std::byte> file) : file_(file) {
  read_header();
  for (const Segment& segment : segments_) check_inside_load(segment);
  for (const Segment& segment : segments_) {
    if (segment.type == elf::kDynamic) read_dynamic(segment);
  }
  if (!has_dynamic_) return;
  names_ = at(tag(elf::kStrTab), tag(elf::kStrSize), "string table");
  if (names_.empty() || names_.back() != std::byte{0}) {
    throw_corrupt("is malformed: its string table does not end with a NUL");
  }
}

void ElfImage::read_header() {
  if (file_.size() < elf::kHeaderSize) {
    throw_corrupt("is cut off: " + number(file_.size()) + " bytes are less than an ELF header");
  }
  type_ = load<std::uint16_t>(file_, 16);
  machine_ = load<std::uint16_t>(file_, 18);
  const auto offset = load<std::uint64_t>(file_, 32);
  const auto entry_size = load<std::uint16_t>(file_, 54);
  const auto count = load<std::uint16_t>(file_, 56);
  if (count == 0) {
    throw MalformedElf{ErrorCode::kNotAPlugin,
                       "is not a shared library: nothing in it can be loaded"};
  }
  if (entry_size != elf::kSegmentSize || count > kMaxSegments) {
    throw_corrupt("is malformed: " + number(count) + " program headers of " + number(entry_size) +
                  " bytes");
  }
  read_segments(offset, count);
}

void ElfImage::read_segments(std::uint64_t offset, std::size_t count) {
  if (offset > file_.size() || count * elf::kSegmentSize > file_.size() - offset) {
    throw_corrupt("is cut off: its program headers lie beyond its end");
  }
  const auto table = file_.subspan(offset, count * elf::kSegmentSize);
  std::uint64_t end_of_previous = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto raw = table.subspan(i * elf::kSegmentSize);
    const Segment segment{load<std::uint32_t>(raw, 0),  load<std::uint32_t>(raw, 4),
                          load<std::uint64_t>(raw, 8),  load<std::uint64_t>(raw, 16),
                          load<std::uint64_t>(raw, 32), load<std::uint64_t>(raw, 40),
                          load<std::uint64_t>(raw, 48)};
    if (segment.offset > file_.size() || segment.file_size > file_.size() - segment.offset) {
      throw_corrupt("is cut off: a segment of " + number(segment.file_size) + " bytes at " +
                    number(segment.offset) + " does not fit into its " + number(file_.size()) +
                    " bytes");
    }
    if (segment.address > kMaxAddress || segment.memory_size > kMaxAddress) {
      throw_corrupt("is malformed: a segment has an impossible address or size");
    }
    segments_.push_back(segment);
    if (segment.type != elf::kLoad) continue;
    check_load(segment, end_of_previous);
    end_of_previous = segment.address + segment.memory_size;
    loads_.push_back(segment);
  }
}

// What the loader takes for granted when it maps a segment.
void ElfImage::check_load(const Segment& segment, std::uint64_t end_of_previous) const {
  const std::uint64_t align = std::max(segment.align, kPage);
  if (!std::has_single_bit(align) || align > kMaxAlign ||
      (segment.address - segment.offset) % align != 0) {
    throw_corrupt("is malformed: a segment is not aligned");
  }
  if (segment.file_size > segment.memory_size) {
    throw_corrupt("is malformed: a segment is larger in the file than in memory");
  }
  // Two segments may share a page of the file, never a page of memory.
  if (!loads_.empty() && segment.address / kPage * kPage < end_of_previous) {
    throw_corrupt("is malformed: its segments overlap or are not in order");
  }
}

// The loader reads these by address.
void ElfImage::check_inside_load(const Segment& segment) const {
  std::uint64_t size = segment.file_size;
  switch (segment.type) {
    case elf::kDynamic:
    case elf::kNote:
    case elf::kPhdr:
    case elf::kTls:
    case elf::kEhFrame:
    case elf::kProperty:
      break;
    case elf::kRelro:
      size = 0;
      break;  // linkers round its end up to a page
    default:
      return;
  }
  if (size == 0 && segment.memory_size == 0) return;
  const Segment* home = segment_of(segment.address, size);
  if (home == nullptr) throw_corrupt("is malformed: a segment lies outside of what is loaded");
  if (segment.type == elf::kRelro) {
    const std::uint64_t room = home->memory_size - (segment.address - home->address);
    if (segment.memory_size > room + std::max(home->align, kPage)) {
      throw_corrupt("is malformed: its read-only part is larger than the segment around it");
    }
  }
}

void ElfImage::read_dynamic(const Segment& segment) {
  const auto table = at(segment.address, segment.file_size, "dynamic section");
  for (std::size_t offset = 0; offset + elf::kDynamicSize <= table.size();
       offset += elf::kDynamicSize) {
    const auto tag = load<std::uint64_t>(table, offset);
    if (tag == 0) {
      has_dynamic_ = true;
      return;
    }
    keep(tag, load<std::uint64_t>(table, offset + 8));
  }
  throw_corrupt("is malformed: its dynamic section has no end");
}

void ElfImage::keep(std::uint64_t tag, std::uint64_t value) {
  if (tag == elf::kNeeded) needed_.push_back(value);
  const bool loads =
      tag == elf::kAuxiliary || tag == elf::kFilter || tag == elf::kAudit || tag == elf::kDepAudit;
  if (loads) side_loaded_.push_back(value);
  if (needed_.size() + side_loaded_.size() > kMaxNeeded)
    throw_corrupt("is malformed: it needs too many libraries");
  if (tag < elf::kTagsKept) low_tags_[tag] = value;
  if (tag == elf::kTextRel) low_tags_[tag] = 1;  // has no value, its presence counts
  switch (tag) {
    case elf::kGnuHash:
      gnu_hash_ = value;
      break;
    case elf::kVersym:
      versym_ = value;
      break;
    case elf::kFlags1:
      flags_1_ = value;
      break;
    case elf::kVerdef:
      verdef_ = value;
      break;
    case elf::kVerneed:
      verneed_ = value;
      break;
    case elf::kVerneedCount:
      verneed_count_ = value;
      break;
    default:
      break;
  }
}

std::uint64_t ElfImage::tag(std::uint64_t tag) const noexcept {
  switch (tag) {
    case elf::kGnuHash:
      return gnu_hash_;
    case elf::kVersym:
      return versym_;
    case elf::kFlags1:
      return flags_1_;
    case elf::kVerdef:
      return verdef_;
    case elf::kVerneed:
      return verneed_;
    case elf::kVerneedCount:
      return verneed_count_;
    default:
      return tag < elf::kTagsKept ? low_tags_[tag] : 0;
  }
}

const ElfImage::Segment* ElfImage::segment_of(std::uint64_t address,
                                              std::uint64_t size) const noexcept {
  for (const Segment& segment : loads_) {
    if (segment.holds(address, size)) return &segment;
  }
  return nullptr;
}

std::span<const std::byte> ElfImage::from(std::uint64_t address, const char* what) const {
  const Segment* segment = segment_of(address, 0);
  if (segment == nullptr || address - segment->address > segment->file_size) {
    throw_corrupt(std::string("is malformed: its ") + what + " lies outside of the file");
  }
  return bytes_of(*segment).subspan(address - segment->address);
}

std::span<const std::byte> ElfImage::at(std::uint64_t address, std::uint64_t size,
                                        const char* what) const {
  const auto bytes = from(address, what);
  if (size > bytes.size()) {
    throw_corrupt(std::string("is malformed: its ") + what + " reaches beyond the file");
  }
  return bytes.first(size);
}

std::span<const std::byte> ElfImage::bytes_of(const Segment& segment) const noexcept {
  return file_.subspan(segment.offset, segment.file_size);
}

std::string ElfImage::name(std::uint64_t offset) const {
  if (offset >= names_.size())
    throw_corrupt("is malformed: a name lies outside of its string table");
  const auto* begin = reinterpret_cast<const char*>(names_.data() + offset);
  return std::string(begin,
                     strnlen(begin, std::min<std::size_t>(kMaxName, names_.size() - offset)));
}

bool ElfImage::name_is(std::uint64_t offset, std::string_view expected) const {
  return offset < names_.size() && names_.size() - offset > expected.size() &&
         std::memcmp(names_.data() + offset, expected.data(), expected.size()) == 0 &&
         names_[offset + expected.size()] == std::byte{0};
}

}  // namespace pet
