// Whether a class's entry is what its notes say. (Inside core/loader only.)
//
// Throws: kNotAPlugin, "its notes say A, its entry says B".
#pragma once

#include <pet/abi.h>

#include <string>

#include "core/artifact/notes.hpp"
#include "core/loader/interface_tables.hpp"

namespace pet {

// Entry's size, major version, and the facts in its own notes, which name the class as the entry
// does.
ClassFacts read_entry_notes(const pet_entry& entry);

// The first thing in which the notes of a file and those of its entry differ, as "its notes say A,
// its entry says B"; "" when none.
std::string difference(const ClassFacts& notes, const ClassFacts& entry);

// The tables, of which there is one for every interface that `facts` names.
InterfaceTables checked_tables(const pet_entry& entry, const ClassFacts& facts);

}  // namespace pet
