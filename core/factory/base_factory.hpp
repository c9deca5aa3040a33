// BaseFactory: classes by name. The factories of a Container (filters, metrics…) are plain ones;
// PetFactory is one that also looks in storage.
//
//   factory.assign("KnnFilter", clazz);
//   BasePlugin knn = factory["KnnFilter"].create({{"n_neighbors", 3}});
//   if (std::optional<PetClass> found = factory.get("Maybe")) …
//   for (const auto& [name, clazz] : factory) …
//
// Absence:  operator[] throws kClassNotFound; get returns the default, or nothing, for absence
//           only. Any other error (kInvalidName, kCorrupt, kStorageUnreachable…) is thrown by both.
// Lifetime: a reference from operator[] or assign stays valid for the factory's life, also when its
//           name is reassigned or erased: classes that were displaced are kept.
// Threads:  everything may be called from any thread. A lookup of a name in memory takes no lock.
#pragma once

#include <cstddef>
#include <exception>
#include <iosfwd>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/artifact/hash.hpp"
#include "core/factory/name_table.hpp"
#include "core/loader/pet_class.hpp"

namespace pet {

// One class that somebody is about to ask for: by name, or exactly by name and hash.
struct ClassRequest {
  std::string name;
  std::optional<Hash> hash = {};
};

// The answer to a ClassRequest: a class or an error.
struct ClassAnswer {
  std::optional<PetClass> clazz = {};
  std::exception_ptr error = {};  // null exactly when there is a class
};

class BaseFactory {
 public:
  using Item = std::pair<std::string, PetClass>;
  class Iterator;

  // `label` names what it holds in messages and listings: "filters".
  explicit BaseFactory(std::string label = "classes");
  virtual ~BaseFactory();
  BaseFactory(const BaseFactory&) = delete;
  BaseFactory& operator=(const BaseFactory&) = delete;

  // The class of that name. Throws kClassNotFound with every place tried and near misses.
  const PetClass& operator[](std::string_view name) const;

  // The same for names that may be absent.
  std::optional<PetClass> get(std::string_view name) const;
  PetClass get(std::string_view name, const PetClass& default_class) const;

  // Memory alone: these never ask a storage.
  bool contains(std::string_view name) const noexcept { return table_.find(name) != nullptr; }
  std::vector<Item> items() const;  // a snapshot, in registration order
  Iterator begin() const;           // over a snapshot of its own
  std::default_sentinel_t end() const noexcept { return {}; }
  void print_available_components(std::ostream& out) const;

  // Python's `factory[name] = clazz`. `name` may be an alias: dumps and storage use the class's
  // own. Throws kInvalidName.
  virtual const PetClass& assign(std::string_view name, const PetClass& clazz);
  virtual bool erase(std::string_view name);  // true when there was one
  virtual void clear();

  // Whether get_version can answer. A plain factory has one class a name, and refuses every pin
  // (kUsage) rather than ignore it.
  virtual bool has_versions() const noexcept { return false; }

  // Exactly that binary, whatever is registered. Never registers.
  virtual PetClass get_version(std::string_view name, const Hash& hash) const;
  PetClass get_version(std::string_view name, std::string_view hex) const;  // kInvalidHash first

  // What an instance of that class had learned, by its hash. A plain factory has no states: kUsage.
  virtual Binary get_state(std::string_view name, const Hash& hash) const;

  // The compiled-in class of that name, also when a binary was registered over it. Never asks a
  // storage.
  virtual std::optional<PetClass> get_builtin(std::string_view name) const;

  // Answers many requests as operator[] and get_version would, in parallel where that helps; answer
  // i belongs to request i. What was asked by name is in memory then.
  virtual std::vector<ClassAnswer> prefetch(std::span<const ClassRequest> requests) const;

  // How many of its answers wait for something else than this machine: so many may be asked for by
  // as many threads.
  virtual std::size_t fetches_at_once() const { return 1; }

  const std::string& label() const noexcept { return label_; }

 protected:
  friend class PetFactory;  // which asks its fallback as it is asked itself

  // What operator[] knows of a name: nullptr for absence, an exception for everything else. The
  // class lives as long as the factory.
  const PetClass* find(std::string_view name) const;

  // Asked when memory has no class of that (valid) name. nullptr: it is absent here too.
  virtual const PetClass* resolve(std::string_view name) const;

  // For kClassNotFound: "not among the filters"; and names that the user may have meant, with the
  // words for where they are.
  struct Candidate {
    std::string name;
    std::string place;  // "built in", or empty
  };
  virtual std::vector<std::string> places_tried() const;
  virtual std::vector<Candidate> candidates(std::string_view wanted) const;

  ClassAnswer answer(const ClassRequest& request) const noexcept;

  NameTable& table() const noexcept { return table_; }

 private:
  [[noreturn]] void throw_class_not_found(std::string_view name) const;

  std::string label_;
  mutable NameTable table_;  // a const lookup may register what it loads
};

// Walks a snapshot, so that the factory may change meanwhile.
class BaseFactory::Iterator {
 public:
  using value_type = Item;
  using difference_type = std::ptrdiff_t;

  Iterator() = default;
  explicit Iterator(std::vector<Item> items)
      : items_(std::make_shared<const std::vector<Item>>(std::move(items))) {}

  const Item& operator*() const noexcept { return (*items_)[index_]; }
  const Item* operator->() const noexcept { return &**this; }
  Iterator& operator++() noexcept { return ++index_, *this; }
  void operator++(int) noexcept { ++index_; }
  friend bool operator==(const Iterator& it, std::default_sentinel_t) noexcept {
    return it.items_ == nullptr || it.index_ == it.items_->size();
  }

 private:
  std::shared_ptr<const std::vector<Item>> items_;
  std::size_t index_ = 0;
};

}  // namespace pet
