// The notes of a class: what it says of itself, readable without running anything.
//
// The bytes are those of the `.note.pet` section (format at the end of pet/abi.h). A binary carries them in its
// PT_NOTE segment, a compiled-in class in pet_entry.notes; this reader needs no ELF, so it serves both.
//
//   const ClassFacts facts = read_notes({static_cast<const std::byte*>(notes.data), notes.size});
//
// Threads: pure functions.
// Throws:  pet::Error, with what is wrong and in which note: kCorrupt (cut off or malformed: duplicates, missing required
//          notes, unknown type bytes, values nested too deep, indices that are not 0..n-1), kInvalidName (of the class),
//          kNotAPlugin (none of ours).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/artifact/fact_value.hpp"

namespace pet {

// The numbers are PET_TYPE_*.
enum class FactType : std::uint8_t {
  kNull = 0,
  kBool = 1,
  kInt64 = 2,
  kFloat64 = 3,
  kText = 4,
  kList = 5,
  kObject = 6,
  kInstance = 7,
  kClass = 8,
  kAny = 255,
};

// "bool", "int64", "float64", "text", "list", "object", "instance", "class", "any".
std::string_view to_string(FactType type) noexcept;

struct ParameterType {
  FactType base = FactType::kAny;  // of the elements, when it is a list
  bool nullable = false;           // null is accepted too
  bool list = false;
  bool tunable = false;  // may be changed after creation

  std::string text() const;  // "int64", "list of float64", "text or null"
  friend bool operator==(const ParameterType&, const ParameterType&) = default;
};

struct ParameterFacts {
  std::string name;
  ParameterType type;
  std::optional<FactValue> default_value;  // nothing: must be given
  std::string doc;
};

// What a class says of itself.
struct ClassFacts {
  std::string name;
  std::string kind;  // "filter", "metric", "pipeline"…
  std::uint16_t abi_major = 0;
  std::uint16_t abi_minor = 0;
  std::string version;                        // may be empty
  std::string doc;                            // may be empty
  std::vector<std::string> interfaces;        // "pet.filter/1"…, in their notes' order
  std::optional<std::uint32_t> state_schema;  // with pet.state/1
  std::string isa;                            // "x86-64", "x86-64-v3", "aarch64"
  std::string compiler;                       // may be empty
  bool open_params = false;                   // takes undeclared parameters
  std::vector<ParameterFacts> parameters;     // in declared order

  bool has_interface(std::string_view id) const noexcept;
  const ParameterFacts* parameter(
      std::string_view name) const noexcept;  // nullptr when not declared
};

// Notes of other names are passed over, and so are types that a newer minor version added.
ClassFacts read_notes(std::span<const std::byte> notes);

}  // namespace pet
