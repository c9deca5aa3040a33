// ElfImage: the parts of a 64-bit little-endian ELF file that the system's loader would use. Internal to this room.
//
// The loader looks at program headers and the dynamic section, never at section headers, and takes every address at its word:
// what is wrong there is a signal inside dlopen. So this reader goes the loader's way, by addresses through
// PT_LOAD, and refuses a file in which any of them leads outside. Damaged code still looks like code: only the hash, which is
// checked before, tells.
//
// Lifetime: borrows the file's bytes. Throws: MalformedElf, whose reason lacks its subject ("is cut off: …").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/error.hpp"

namespace pet {

struct MalformedElf {
  ErrorCode code;
  std::string reason;
};

[[noreturn]] void throw_corrupt(std::string reason);

// The few words of the ELF specification that are used here. Not <elf.h>: other systems inspect such files too.
namespace elf {
inline constexpr std::size_t kHeaderSize = 64, kSegmentSize = 56, kDynamicSize = 16,
                             kSymbolSize = 24, kRelocationSize = 24;
inline constexpr std::uint16_t kExecutable = 2, kShared = 3;
inline constexpr std::uint16_t kX86_64 = 62, kAarch64 = 183;
inline constexpr std::uint32_t kLoad = 1, kDynamic = 2, kNote = 4, kPhdr = 6, kTls = 7,
                               kEhFrame = 0x6474e550, kStack = 0x6474e551, kRelro = 0x6474e552,
                               kProperty = 0x6474e553;
inline constexpr std::uint32_t kExecute = 1, kWrite = 2;
// Tags of the dynamic section.
inline constexpr std::uint64_t kNeeded = 1, kPltRelSize = 2, kHash = 4, kStrTab = 5, kSymTab = 6,
                               kRela = 7, kRelaSize = 8, kRelaEntry = 9, kStrSize = 10,
                               kSymEntry = 11, kInit = 12, kFini = 13, kRpath = 15, kPltRel = 20,
                               kTextRel = 22, kJmpRel = 23, kInitArray = 25, kFiniArray = 26,
                               kInitArraySize = 27, kFiniArraySize = 28, kRunpath = 29, kFlags = 30,
                               kRelrSize = 35, kRelr = 36, kRelrEntry = 37, kTagsKept = 38,
                               kGnuHash = 0x6ffffef5, kVersym = 0x6ffffff0, kDepAudit = 0x6ffffefb,
                               kAudit = 0x6ffffefc, kAuxiliary = 0x7ffffffd, kFilter = 0x7fffffff,
                               kFlags1 = 0x6ffffffb, kVerdef = 0x6ffffffc, kVerneed = 0x6ffffffe,
                               kVerneedCount = 0x6fffffff;
}  // namespace elf

class ElfImage {
 public:
  struct Segment {
    std::uint32_t type, flags;
    std::uint64_t offset, address, file_size, memory_size, align;
    bool holds(std::uint64_t begin, std::uint64_t size) const noexcept {
      return begin >= address && begin - address <= memory_size &&
             size <= memory_size - (begin - address);
    }
  };

  // Reads header, segments and dynamic section; the file is known to be 64-bit little-endian ELF.
  explicit ElfImage(std::span<const std::byte> file);

  std::uint16_t type() const noexcept { return type_; }
  std::uint16_t machine() const noexcept { return machine_; }
  std::span<const Segment> segments() const noexcept { return segments_; }
  const Segment* segment_of(std::uint64_t address, std::uint64_t size) const noexcept;

  // The last value of a tag; 0 when it is not there.
  std::uint64_t tag(std::uint64_t tag) const noexcept;
  bool has_dynamic() const noexcept { return has_dynamic_; }
  std::span<const std::uint64_t> needed() const noexcept { return needed_; }  // offsets of names
  // Names of filters, auxiliaries and auditors, which the loader maps besides.
  std::span<const std::uint64_t> side_loaded() const noexcept { return side_loaded_; }

  // `size` bytes of the file that the loader would see at an address; `what` names them in errors.
  std::span<const std::byte> at(std::uint64_t address, std::uint64_t size, const char* what) const;
  // All bytes of the file from an address to the end of its segment.
  std::span<const std::byte> from(std::uint64_t address, const char* what) const;
  std::span<const std::byte> bytes_of(const Segment& segment) const noexcept;

  // A name of the dynamic string table. Long ones are cut: no list of names can outgrow the file by much.
  std::string name(std::uint64_t offset) const;
  bool name_is(std::uint64_t offset, std::string_view expected) const;
  std::uint64_t names_size() const noexcept { return names_.size(); }

 private:
  static constexpr std::size_t kMaxName = 4096;
  static constexpr std::size_t kMaxNeeded = 1024;

  void read_header();
  void read_segments(std::uint64_t offset, std::size_t count);
  void check_load(const Segment& segment, std::uint64_t end_of_previous) const;
  void check_inside_load(const Segment& segment) const;
  void read_dynamic(const Segment& segment);
  void keep(std::uint64_t tag, std::uint64_t value);

  std::span<const std::byte> file_;
  std::uint16_t type_ = 0, machine_ = 0;
  std::vector<Segment> segments_;
  std::vector<Segment> loads_;
  bool has_dynamic_ = false;
  std::array<std::uint64_t, elf::kTagsKept> low_tags_{};
  std::uint64_t gnu_hash_ = 0, versym_ = 0, flags_1_ = 0, verdef_ = 0, verneed_ = 0,
                verneed_count_ = 0;
  std::vector<std::uint64_t> needed_;
  std::vector<std::uint64_t> side_loaded_;
  std::span<const std::byte> names_;
};

// A number at a place that is known to be inside.
template <class T>
T load(std::span<const std::byte> bytes, std::size_t offset) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace pet
