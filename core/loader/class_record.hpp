// What a PetClass points at. (Inside core/loader only.)
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/loader/interface_tables.hpp"
#include "core/loader/loader.hpp"
#include "core/loader/pet_class.hpp"

namespace pet {

// Immutable once made, so that any thread reads it without a lock.
struct PetClass::Record : std::enable_shared_from_this<PetClass::Record> {
  // First, so that it goes last: entry, tables and facts lie in the library.
  std::shared_ptr<const Library> library;  // nullptr when compiled in
  std::shared_ptr<const Binary> binary;
  std::string source;
  std::optional<Hash> hash;
  ClassFacts own_facts;  // of a compiled-in class; a library has its own
  const ClassFacts* facts = nullptr;
  const pet_entry* entry = nullptr;
  InterfaceTables tables;
  std::string label;  // "MyFilter 3fa9c1…", how messages begin

  // The boundary's name for this record.
  pet_class* handle() const noexcept {
    return reinterpret_cast<pet_class*>(const_cast<Record*>(this));
  }
  static const Record& of(const pet_class* handle) noexcept {
    return *reinterpret_cast<const Record*>(handle);
  }

  // For code that holds a record and needs the class.
  static PetClass as_class(const Record& record) { return PetClass(record.shared_from_this()); }
};

}  // namespace pet
