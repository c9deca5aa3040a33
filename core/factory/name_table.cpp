#include "core/factory/name_table.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

namespace pet {
namespace {

constexpr std::size_t kFirstCapacity = 64;  // a power of two; at most half of the slots are used

constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio: odd, mixed

std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Word>
std::uint64_t load(const char* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Names are trusted (only registered ones are ever inserted), so speed alone counts here. The last
// bytes are read as a whole word that overlaps the one before.
std::uint64_t hash_of(std::string_view name) noexcept {
  const char* at = name.data();
  const std::size_t size = name.size();
  std::uint64_t hash = size + kMultiplier;
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      hash = fold(hash ^ load<std::uint64_t>(at + i), kMultiplier);
    }
    return fold(hash ^ load<std::uint64_t>(at + size - 8), kMultiplier);
  }
  std::uint64_t word = 0;
  if (size >= 4) {
    word = load<std::uint32_t>(at) << 32 | load<std::uint32_t>(at + size - 4);
  } else if (size > 0) {
    word = load<std::uint8_t>(at) << 16 | load<std::uint8_t>(at + size / 2) << 8 |
           load<std::uint8_t>(at + size - 1);
  }
  return fold(hash ^ word, kMultiplier);
}

}  // namespace

// A name, whose characters follow the struct in memory: a lookup that has found the entry has the
// name in its cache line too.
struct NameTable::Entry {
  std::atomic<const PetClass*> current{nullptr};
  std::size_t name_size;
  std::vector<std::unique_ptr<const PetClass>> classes;  // all it ever had; under the mutex

  explicit Entry(std::size_t size) : name_size(size) {}
  char* text() noexcept { return reinterpret_cast<char*>(this + 1); }
  std::string_view name() const noexcept {
    return {reinterpret_cast<const char*>(this + 1), name_size};
  }
};

void NameTable::EntryDeleter::operator()(Entry* entry) const noexcept {
  entry->~Entry();
  ::operator delete(entry);
}

// `hash` is written before `entry` is published, and never again.
struct NameTable::Slot {
  std::atomic<std::uint64_t> hash{0};
  std::atomic<Entry*> entry{nullptr};
};

struct NameTable::Slots {
  std::size_t mask;
  std::unique_ptr<Slot[]> slots;

  explicit Slots(std::size_t capacity)
      : mask(capacity - 1), slots(std::make_unique<Slot[]>(capacity)) {}

  void insert(Entry& entry, std::uint64_t hash) noexcept {
    std::size_t i = hash & mask;
    while (slots[i].entry.load(std::memory_order_relaxed) != nullptr) i = (i + 1) & mask;
    slots[i].hash.store(hash, std::memory_order_relaxed);
    slots[i].entry.store(&entry, std::memory_order_release);
  }
};

NameTable::NameTable() {
  all_slots_.push_back(std::make_unique<Slots>(kFirstCapacity));
  slots_.store(all_slots_.back().get(), std::memory_order_release);
}

NameTable::~NameTable() = default;

NameTable::Entry* NameTable::find_entry(std::string_view name, std::uint64_t hash) const noexcept {
  const Slots& table = *slots_.load(std::memory_order_acquire);
  for (std::size_t i = hash & table.mask;; i = (i + 1) & table.mask) {
    Entry* const entry = table.slots[i].entry.load(std::memory_order_acquire);
    if (entry == nullptr) return nullptr;
    if (table.slots[i].hash.load(std::memory_order_relaxed) == hash && entry->name() == name) {
      return entry;
    }
  }
}

const PetClass* NameTable::find(std::string_view name) const noexcept {
  const Entry* const entry = find_entry(name, hash_of(name));
  return entry == nullptr ? nullptr : entry->current.load(std::memory_order_acquire);
}

NameTable::Entry& NameTable::require_entry(std::string_view name) {
  const std::uint64_t hash = hash_of(name);
  if (Entry* const found = find_entry(name, hash)) return *found;

  void* const memory = ::operator new(sizeof(Entry) + name.size());
  std::unique_ptr<Entry, EntryDeleter> entry(::new (memory) Entry(name.size()));
  std::copy(name.begin(), name.end(), entry->text());
  if (2 * (entries_.size() + 1) > all_slots_.back()->mask + 1) grow();
  entries_.push_back(std::move(entry));
  all_slots_.back()->insert(*entries_.back(), hash);
  return *entries_.back();
}

// Readers that still walk the old slots miss only names that are being inserted meanwhile.
void NameTable::grow() {
  auto larger = std::make_unique<Slots>(2 * (all_slots_.back()->mask + 1));
  for (const auto& entry : entries_) larger->insert(*entry, hash_of(entry->name()));
  all_slots_.push_back(std::move(larger));
  slots_.store(all_slots_.back().get(), std::memory_order_release);
}

const PetClass& NameTable::publish(Entry& entry, const PetClass& clazz) {
  const auto same = std::find_if(entry.classes.begin(), entry.classes.end(),
                                 [&](const auto& known) { return *known == clazz; });
  const PetClass* chosen = nullptr;
  if (same != entry.classes.end()) {
    // Back in use: the last of the list is the one given last.
    std::rotate(same, same + 1, entry.classes.end());
  } else {
    entry.classes.push_back(std::make_unique<const PetClass>(clazz));
  }
  chosen = entry.classes.back().get();
  if (entry.current.load(std::memory_order_relaxed) == nullptr) order_.push_back(&entry);
  entry.current.store(chosen, std::memory_order_release);
  return *chosen;
}

const PetClass& NameTable::assign(std::string_view name, const PetClass& clazz) {
  const std::lock_guard lock(mutex_);
  return publish(require_entry(name), clazz);
}

const PetClass& NameTable::assign_if_absent(std::string_view name, const PetClass& clazz) {
  const std::lock_guard lock(mutex_);
  Entry& entry = require_entry(name);
  if (const PetClass* const has = entry.current.load(std::memory_order_relaxed)) return *has;
  return publish(entry, clazz);
}

bool NameTable::erase(std::string_view name) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = find_entry(name, hash_of(name));
  if (entry == nullptr || entry->current.load(std::memory_order_relaxed) == nullptr) return false;
  entry->current.store(nullptr, std::memory_order_release);
  std::erase(order_, entry);
  return true;
}

void NameTable::clear() {
  const std::lock_guard lock(mutex_);
  for (Entry* const entry : order_) entry->current.store(nullptr, std::memory_order_release);
  order_.clear();
}

std::optional<PetClass> NameTable::find_compiled_in(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const Entry* const entry = find_entry(name, hash_of(name));
  if (entry == nullptr) return std::nullopt;
  const auto found = std::find_if(entry->classes.rbegin(), entry->classes.rend(),
                                  [](const auto& known) { return !known->hash(); });
  return found == entry->classes.rend() ? std::nullopt : std::optional(**found);
}

std::vector<std::pair<std::string, PetClass>> NameTable::snapshot() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, PetClass>> items;
  items.reserve(order_.size());
  for (const Entry* const entry : order_) {
    items.emplace_back(entry->name(), *entry->current.load(std::memory_order_relaxed));
  }
  return items;
}

}  // namespace pet
