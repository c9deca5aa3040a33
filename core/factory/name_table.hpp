// NameTable: names → classes, for very many readers and few writers.
//
// A lookup is a handful of atomic loads: no lock, no reference count, no waiting, whatever writers
// do meanwhile. What makes that simple is that nothing a reader can see is ever taken away: a name
// that was inserted stays (erased means that it has no class), a class that was displaced stays,
// and slots that were outgrown stay, all until the NameTable dies. So a pointer from find() is good
// for the NameTable's life. The price is memory for every distinct class ever assigned; assigning
// one that the name had before takes none.
//
//   NameTable table;
//   table.assign("KnnFilter", knn);
//   const PetClass* clazz = table.find("KnnFilter");   // nullptr: no such name
//
// Threads: find, from any thread, wait-free. The others from any thread too, one at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/loader/pet_class.hpp"

namespace pet {

class NameTable {
 public:
  NameTable();
  ~NameTable();
  NameTable(const NameTable&) = delete;
  NameTable& operator=(const NameTable&) = delete;

  // The class that `name` has now; nullptr when it has none.
  const PetClass* find(std::string_view name) const noexcept;

  // Gives `name` a class. The returned reference stays valid, and so do those to earlier classes.
  const PetClass& assign(std::string_view name, const PetClass& clazz);

  // Gives `name` a class unless it has one; returns the one it has now.
  const PetClass& assign_if_absent(std::string_view name, const PetClass& clazz);

  // True when the name had a class.
  bool erase(std::string_view name);
  void clear();

  // The compiled-in class that the name was given last, whatever displaced it. Takes the lock.
  std::optional<PetClass> find_compiled_in(std::string_view name) const;

  // Names and classes in the order of registration; reassigning keeps a name's place, erasing
  // loses it.
  std::vector<std::pair<std::string, PetClass>> snapshot() const;

 private:
  struct Entry;
  struct EntryDeleter {
    void operator()(Entry* entry) const noexcept;
  };
  struct Slot;
  struct Slots;

  Entry* find_entry(std::string_view name, std::uint64_t hash) const noexcept;
  Entry& require_entry(std::string_view name);
  const PetClass& publish(Entry& entry, const PetClass& clazz);
  void grow();

  std::atomic<const Slots*> slots_;  // the last of all_slots_

  mutable std::mutex mutex_;  // guards what follows, and all writing
  std::vector<std::unique_ptr<Slots>> all_slots_;
  std::vector<std::unique_ptr<Entry, EntryDeleter>> entries_;  // every name ever given a class
  std::vector<Entry*> order_;                                  // those that have one now
};

}  // namespace pet
