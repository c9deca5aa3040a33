#include "core/artifact/facts.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "storage/error.hpp"
#include "tests/core/artifact/fixture.hpp"
#include "tests/core/artifact/note_bytes.hpp"

namespace {

using namespace pet::test;
using pet::Binary;
using pet::ErrorCode;
using pet::Facts;

void check_refused(const std::string& bytes, ErrorCode code, const std::string& reason) {
  const Binary binary = Binary::from_bytes(bytes, "a.so");
  try {
    read_facts(binary);
    FAIL("accepted");
  } catch (const pet::Error& error) {
    CHECK(error.code() == code);
    CHECK_THAT(error.what(), Catch::StartsWith("'a.so' " + reason));
    CHECK(error.key() == "a.so");
    CHECK(error.hash() == binary.hash().hex());
  }
}

// Replaces a number in the bytes of a good plugin.
template <class T>
std::string with(std::size_t offset, T value) {
  std::string bytes(fixture("plain_c_filter").view());
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  return bytes;
}

TEST_CASE("a plugin in plain C tells everything about itself", "[core][artifact]") {
  const Facts facts = fixture_facts("plain_c_filter");
  CHECK(facts.size == fixture("plain_c_filter").size());
  CHECK_THAT(facts.platform, Catch::StartsWith("linux-"));
  CHECK(facts.has_notes);
  CHECK(facts.has_entry);
  CHECK(facts.clazz.name == "PlainCFilter");
  CHECK(facts.clazz.kind == "filter");
  CHECK(facts.clazz.version == "1.0.0");
  CHECK(facts.clazz.interfaces == std::vector<std::string>{"pet.filter/1"});
  REQUIRE(facts.clazz.parameters.size() == 1);
  CHECK(facts.clazz.parameters[0].name == "factor");
  CHECK(facts.clazz.parameters[0].type.text() == "float64");
  CHECK(*facts.clazz.parameters[0].default_value == pet::FactValue{2.0});
  CHECK(facts.clazz.parameters[0].doc == "what every element is multiplied by");
  CHECK(facts.exports.names == std::vector<std::string>{"pet_entry_v1"});
  CHECK(facts.needed == std::vector<std::string>{"libc.so.6"});
  REQUIRE(facts.version_needs.size() == 1);
  CHECK(facts.version_needs[0].library == "libc.so.6");
  CHECK_FALSE(facts.glibc_floor.empty());
  CHECK(facts.glibcxx_floor.empty());
  CHECK_FALSE(facts.is_executable);
  CHECK_FALSE(facts.static_tls);
  CHECK_FALSE(facts.nodelete);
  CHECK_FALSE(facts.executable_stack);
  CHECK_FALSE(facts.text_relocations);
  CHECK(facts.rpath.empty());
  CHECK(facts.runpath.empty());
  CHECK(facts.unique_symbols.count == 0);
}

TEST_CASE("both kinds of symbol hash tables are understood", "[core][artifact]") {
  CHECK(fixture_facts("sysv_hash").has_entry);
  CHECK(fixture_facts("sysv_hash").exports.count == 1);
}

// The place in the file of a dynamic entry's value, or 0.
std::size_t dynamic_value(const std::string& bytes, std::uint64_t tag) {
  const auto word = [&](std::size_t at) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  };
  for (std::size_t segment = 64; segment < 64 + 56 * 16; segment += 56) {
    if ((word(segment) & 0xffffffff) != 2) continue;
    for (std::size_t at = word(segment + 8); word(at) != 0; at += 16) {
      if (word(at) == tag) return at + 8;
    }
    return 0;
  }
  return 0;
}

TEST_CASE("packed relocations are walked, and those that write elsewhere refused",
          "[core][artifact]") {
  constexpr std::uint64_t kRelrSize = 35, kRelr = 36, kRelrEntry = 37;
  const std::string good(fixture("packed_relocations").view());
  CHECK(fixture_facts("packed_relocations").clazz.name == "PackedRelocations");
  const std::size_t table_entry = dynamic_value(good, kRelr);
  if (table_entry == 0) {
    WARN("skipped: this linker does not pack relocations");
    return;
  }
  const auto damaged = [&](std::size_t at, std::uint64_t value) {
    std::string bytes = good;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return bytes;
  };
  std::uint64_t table = 0;  // in the first segment, where addresses are places in the file
  std::memcpy(&table, good.data() + table_entry, sizeof table);
  const char* elsewhere = "is malformed: a packed relocation writes outside of what is writable";
  for (const std::uint64_t place : {std::uint64_t{0}, std::uint64_t{0x1000}, std::uint64_t{1} << 39,
                                    ~std::uint64_t{1}}) {
    check_refused(damaged(table, place), ErrorCode::kCorrupt, elsewhere);
  }
  std::string bitmaps = good;  // the two words after the first, 126 places: beyond the segment
  bitmaps.replace(table + 8, 16, 16, '\xff');
  check_refused(bitmaps, ErrorCode::kCorrupt, elsewhere);
  check_refused(damaged(table, 1), ErrorCode::kCorrupt,
                "is malformed: its packed relocation table begins without an address");
  check_refused(damaged(table_entry, std::uint64_t{1} << 39), ErrorCode::kCorrupt,
                "is malformed: its packed relocation table lies outside of the file");
  check_refused(damaged(dynamic_value(good, kRelrSize), 1 << 20), ErrorCode::kCorrupt,
                "is malformed: its packed relocation table reaches beyond the file");
  check_refused(damaged(dynamic_value(good, kRelrSize), 12), ErrorCode::kCorrupt,
                "is malformed: its packed relocation table has no address or no fitting size");
  check_refused(damaged(dynamic_value(good, kRelrEntry), 16), ErrorCode::kCorrupt,
                "is malformed: its packed relocations are not of 8 bytes");
}

TEST_CASE("each fixture shows the fact that it is named after", "[core][artifact]") {
  CHECK(fixture_facts("wrong_abi_major").clazz.abi_major == 9);
  CHECK(fixture_facts("newer_abi_minor").clazz.abi_minor == 7);
  CHECK_FALSE(fixture_facts("no_entry").has_entry);
  CHECK_FALSE(fixture_facts("notes_missing").has_notes);
  CHECK(fixture_facts("notes_lie_about_class").clazz.name == "NotesLieAboutClass");
  CHECK(fixture_facts("needs_isa_v4").clazz.isa == "x86-64-v4");
  CHECK(fixture_facts("static_tls").static_tls);
  CHECK(fixture_facts("gnu_unique").unique_symbols.names ==
        std::vector<std::string>{"pet_fixture_shared"});
  CHECK(fixture_facts("gnu_unique").exports.count == 2);
  CHECK(fixture_facts("text_relocations").text_relocations);
  CHECK(fixture_facts("has_rpath").rpath == "/opt/pet/lib");
  CHECK(fixture_facts("has_runpath").runpath == "/opt/pet/lib");
  CHECK(fixture_facts("exec_stack").executable_stack);
  CHECK(fixture_facts("nodelete").nodelete);
  CHECK(fixture_facts("needs_missing_library").needed.at(0) == "libpet_fixture_missing.so.1");
  CHECK(fixture_facts("needs_newer_glibc").glibc_floor == "2.99");
  CHECK(fixture_facts("needs_unknown_glibc").version_needs.at(0).versions ==
        std::vector<std::string>{"GLIBC_ABI_PET_FIXTURE"});
  CHECK(fixture_facts("wrong_machine").platform == "unknown machine 243");
  CHECK(fixture_facts("wrong_machine").clazz.name == "PlainCFilter");
}

TEST_CASE("this test program is seen as a program", "[core][artifact]") {
  const Facts facts = pet::read_facts(Binary::read("/proc/self/exe"));
  CHECK(facts.is_executable);
  CHECK_FALSE(facts.has_notes);
}

TEST_CASE("formats that cannot be loaded here are named as platforms", "[core][artifact]") {
  const auto platform = [](const std::string& bytes) {
    return pet::read_facts(Binary::from_bytes(bytes)).platform;
  };
  CHECK(platform(with(4, std::uint8_t{1})) == "32-bit ELF");
  CHECK(platform(with(5, std::uint8_t{2})) == "big-endian ELF");
  CHECK(platform(with(7, std::uint8_t{9})) == "unknown system 9");
  CHECK(platform(with(18, std::uint16_t{183})) == "linux-aarch64-gnu");
}

TEST_CASE("what is no shared library is refused in a sentence", "[core][artifact]") {
  check_refused("", ErrorCode::kNotAPlugin, "is empty");
  check_refused("This is text", ErrorCode::kNotAPlugin,
                "is not a shared library: it begins with 'This', not as ELF does");
  check_refused("\177EL", ErrorCode::kCorrupt, "is cut off after 3 bytes");
  check_refused("\177ELF", ErrorCode::kCorrupt, "is cut off after 4 bytes");
  check_refused(std::string(fixture("plain_c_filter").view().substr(0, 63)), ErrorCode::kCorrupt,
                "is cut off: 63 bytes are less than an ELF header");
  check_refused(with(16, std::uint16_t{1}), ErrorCode::kNotAPlugin,
                "is not a shared library: it is not linked");
  check_refused(with(56, std::uint16_t{0}), ErrorCode::kNotAPlugin,
                "is not a shared library: nothing in it");
}

TEST_CASE("a class name outside the rule is refused as such", "[core][artifact]") {
  check_refused(std::string(fixture("invalid_class_name").view()), ErrorCode::kInvalidName,
                "has malformed notes: the class is named '../evil'");
}

TEST_CASE("a plugin without its last bytes is cut off, which dlopen would answer with SIGBUS",
          "[core][artifact]") {
  const std::string whole(fixture("plain_c_filter").view());
  check_refused(whole.substr(0, whole.size() / 2), ErrorCode::kCorrupt, "is cut off: ");
}

TEST_CASE("offsets and sizes of any value are refused, not followed", "[core][artifact]") {
  for (const std::uint64_t value :
       {std::uint64_t{0xffffffffffffffff}, std::uint64_t{0xfffffffffffffff0},
        std::uint64_t{0x8000000000000000}, std::uint64_t{1} << 40}) {
    check_refused(with(32, value), ErrorCode::kCorrupt,
                  "is cut off: its program headers lie beyond its end");
    for (const std::size_t field :
         {8u, 16u, 32u, 40u}) {  // offset, address, file size, memory size
      check_refused(with(64 + field, value), ErrorCode::kCorrupt, "is ");
    }
  }
  check_refused(with(56, std::uint16_t{0xffff}), ErrorCode::kCorrupt,
                "is malformed: 65535 program headers");
  check_refused(with(54, std::uint16_t{57}), ErrorCode::kCorrupt, "is malformed: ");
}

}  // namespace
