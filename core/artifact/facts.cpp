// From an ELF image to facts. What the image's tables are and how they are walked stands in elf_image and elf_symbols.
#include "core/artifact/facts.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "core/artifact/elf_image.hpp"
#include "core/artifact/elf_symbols.hpp"
#include "core/artifact/note_reader.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

constexpr std::size_t kMaxNotes = std::size_t{1} << 20;
constexpr std::uint64_t kFlagTextRel = 4, kFlagStaticTls = 16;       // DT_FLAGS
constexpr std::uint64_t kFlag1Nodelete = 8, kFlag1Pie = 0x08000000;  // DT_FLAGS_1

std::uint8_t byte_at(std::span<const std::byte> file, std::size_t offset) noexcept {
  return std::to_integer<std::uint8_t>(file[offset]);
}

void require_elf(std::span<const std::byte> file) {
  if (file.empty()) throw MalformedElf{ErrorCode::kNotAPlugin, "is empty"};
  const std::string_view begin(reinterpret_cast<const char*>(file.data()),
                               std::min<std::size_t>(file.size(), 4));
  const std::string_view magic("\177ELF", 4);
  if (begin == magic) return;
  if (magic.starts_with(begin))
    throw_corrupt("is cut off after " + std::to_string(file.size()) + " bytes");
  throw MalformedElf{ErrorCode::kNotAPlugin, "is not a shared library: it begins with " +
                                                 pet::quoted(begin) + ", not as ELF does"};
}

// What keeps this reader from reading on, as a platform's name.
std::optional<std::string> foreign_format(std::span<const std::byte> file) {
  if (file.size() < 8) throw_corrupt("is cut off after " + std::to_string(file.size()) + " bytes");
  if (byte_at(file, 4) != 2) return "32-bit ELF";
  if (byte_at(file, 5) != 1) return "big-endian ELF";
  return std::nullopt;
}

bool uses_musl(const std::vector<std::string>& needed) {
  return std::any_of(needed.begin(), needed.end(), [](const std::string& library) {
    return library.starts_with("libc.musl-") || library == "libc.so";
  });
}

std::string platform_of(const ElfImage& image, std::uint8_t os,
                        const std::vector<std::string>& needed) {
  if (os != 0 && os != 3) return "unknown system " + std::to_string(os);
  const std::string libc = uses_musl(needed) ? "-musl" : "-gnu";
  switch (image.machine()) {
    case elf::kX86_64:
      return "linux-x86_64" + libc;
    case elf::kAarch64:
      return "linux-aarch64" + libc;
    default:
      return "unknown machine " + std::to_string(image.machine());
  }
}

void read_notes_of(const ElfImage& image, Facts& facts) {
  for (const ElfImage::Segment& segment : image.segments()) {
    // Segments aligned to 8 hold GNU properties in a layout of their own.
    if (segment.type != elf::kNote || segment.align == 8) continue;
    const auto notes = image.bytes_of(segment);
    if (notes.size() > kMaxNotes) throw_corrupt("has more than 1 MiB of notes");
    std::optional<ClassFacts> found;
    try {
      found = parse_notes(notes);
    } catch (const MalformedNotes& malformed) {
      throw MalformedElf{malformed.code, "has malformed notes: " + malformed.reason};
    }
    if (!found) continue;
    if (facts.has_notes) throw_corrupt("has malformed notes: they stand in two segments");
    facts.has_notes = true;
    facts.clazz = *std::move(found);
  }
}

void read_stack(const ElfImage& image, Facts& facts) {
  facts.executable_stack = true;  // what the loader assumes when nothing is said
  for (const ElfImage::Segment& segment : image.segments()) {
    if (segment.type == elf::kStack) facts.executable_stack = (segment.flags & elf::kExecute) != 0;
  }
}

void read_dynamic_facts(const ElfImage& image, Facts& facts) {
  for (const std::uint64_t name : image.needed()) facts.needed.push_back(image.name(name));
  for (const std::uint64_t name : image.side_loaded()) {
    facts.side_loaded.push_back(image.name(name));
  }
  if (image.tag(elf::kRpath) != 0) facts.rpath = image.name(image.tag(elf::kRpath));
  if (image.tag(elf::kRunpath) != 0) facts.runpath = image.name(image.tag(elf::kRunpath));
  const std::uint64_t flags = image.tag(elf::kFlags);
  const std::uint64_t flags_1 = image.tag(elf::kFlags1);
  facts.static_tls = (flags & kFlagStaticTls) != 0;
  facts.text_relocations = (flags & kFlagTextRel) != 0 || image.tag(elf::kTextRel) != 0;
  facts.nodelete = (flags_1 & kFlag1Nodelete) != 0;
  facts.is_executable |= (flags_1 & kFlag1Pie) != 0;
}

void check_call_list(const ElfImage& image, std::uint64_t address_tag, std::uint64_t size_tag) {
  const std::uint64_t address = image.tag(address_tag), size = image.tag(size_tag);
  if (address == 0 && size == 0) return;
  if (address == 0 || size == 0 || address % 8 != 0 || size % 8 != 0) {
    throw_corrupt("is malformed: a list of functions has no address or no fitting size");
  }
  image.at(address, size, "list of functions");
}

// Functions that the loader calls: dlopen the first two, dlclose the others.
void read_constructors(const ElfImage& image, Facts& facts) {
  for (const std::uint64_t tag : {elf::kInit, elf::kFini}) {
    if (image.tag(tag) == 0) continue;
    const ElfImage::Segment* code = image.segment_of(image.tag(tag), 1);
    if (code == nullptr || (code->flags & elf::kExecute) == 0) {
      throw_corrupt("is malformed: its start or end function is not code");
    }
  }
  check_call_list(image, elf::kFiniArray, elf::kFiniArraySize);
  check_call_list(image, elf::kInitArray, elf::kInitArraySize);
  facts.constructors = image.tag(elf::kInitArraySize) / 8;
}

Facts read(std::span<const std::byte> file) {
  Facts facts;
  facts.size = file.size();
  require_elf(file);
  if (std::optional<std::string> format = foreign_format(file)) {
    facts.platform = *std::move(format);
    return facts;
  }
  const ElfImage image(file);
  facts.is_executable = image.type() == elf::kExecutable;
  if (!facts.is_executable && image.type() != elf::kShared) {
    throw MalformedElf{ErrorCode::kNotAPlugin,
                       "is not a shared library: it is not linked, or a core dump"};
  }
  read_notes_of(image, facts);
  read_stack(image, facts);
  if (image.has_dynamic()) {
    read_dynamic_facts(image, facts);
    read_constructors(image, facts);
    const SymbolCount count = count_symbols(image);
    read_symbols(image, count, facts);
    read_version_needs(image, count, facts);
    check_relocations(image, count, facts);
  } else if (!facts.is_executable) {
    throw MalformedElf{ErrorCode::kNotAPlugin,
                       "is not a shared library: it has no dynamic section"};
  }
  facts.platform = platform_of(image, byte_at(file, 7), facts.needed);
  return facts;
}

}  // namespace

Facts read_facts(std::span<const std::byte> file) {
  try {
    return read(file);
  } catch (const MalformedElf& malformed) {
    throw Error(malformed.code, "the file " + malformed.reason);
  }
}

Facts read_facts(const Binary& binary) {
  try {
    return read(binary.bytes());
  } catch (const MalformedElf& malformed) {
    const std::string subject = binary.origin().empty() ? "the file" : pet::quoted(binary.origin());
    throw Error(malformed.code, subject + " " + malformed.reason,
                {.class_name = {}, .hash = binary.hash().hex(), .key = binary.origin()});
  }
}

}  // namespace pet
