// Facts: what can be read from a plugin file without running any of it.
//
// Facts say what is there; the gate (gate.hpp) says whether it may be loaded here.
//
//   const Facts facts = read_facts(binary);
//   facts.clazz.name;     // "MyFilter", from its own notes
//   facts.glibc_floor;    // "2.32", from its symbol versions
//
// Threads: pure functions. Nothing refers to the bytes afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/artifact/notes.hpp"

namespace pet {

// Symbol versions that a binary wants of one library: {"libc.so.6", {"GLIBC_2.2.5", "GLIBC_2.32"}}.
struct VersionNeed {
  std::string library;
  std::vector<std::string> versions;
};

// Names of symbols. A file with very many keeps the first of them only; `count` counts all.
struct SymbolNames {
  static constexpr std::size_t kMaxKept = 256;
  std::vector<std::string> names;
  std::size_t count = 0;
};

struct Facts {
  std::uint64_t size = 0;  // of the file, in bytes
  std::string
      platform;  // "linux-x86_64-gnu", "linux-aarch64-gnu"; "unknown machine 243", "32-bit ELF"…

  bool has_notes = false;
  ClassFacts clazz;  // meaningful when has_notes

  bool has_entry = false;      // exports pet_entry_v1 as data
  bool is_executable = false;  // a program, not a shared library
  SymbolNames exports;         // symbols that it defines for others, pet_entry_v1 among them
  SymbolNames
      unique_symbols;      // STB_GNU_UNIQUE: shared with other versions, and they stay in memory
  bool has_ifunc = false;  // resolvers run inside dlopen, before constructors
  std::size_t constructors = 0;  // entries of DT_INIT_ARRAY; compilers add one of their own

  std::vector<std::string> needed;         // DT_NEEDED, in order
  std::vector<std::string> side_loaded;    // DT_FILTER, DT_AUXILIARY, DT_AUDIT, DT_DEPAUDIT
  std::vector<VersionNeed> version_needs;  // in the file's order
  std::string glibc_floor;    // "2.32": the highest GLIBC_x.y needed; empty when none is
  std::string glibcxx_floor;  // "3.4.21", likewise for GLIBCXX_
  std::string rpath;          // DT_RPATH
  std::string runpath;        // DT_RUNPATH

  bool static_tls = false;        // DF_STATIC_TLS
  bool nodelete = false;          // DF_1_NODELETE
  bool executable_stack = false;  // PT_GNU_STACK with X, or none at all
  bool text_relocations = false;
};

// Throws kNotAPlugin for what is no ELF file, kCorrupt for one that is cut off or malformed (its notes too), kInvalidName
// for a class name outside the rule. Work is linear in the size of the file, whatever it says of itself.
//
// What it returns for a binary of another machine is complete; for 32-bit and big-endian files it is the platform alone.
Facts read_facts(std::span<const std::byte> file);

// The same; errors name the binary's origin and hash.
Facts read_facts(const Binary& binary);

}  // namespace pet
