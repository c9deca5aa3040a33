// Site: one machine of a test, with a storage that records and can fail, a cache, and every event.
//
//   Site author, operator_(author.memory);        // two machines over one storage
//   author.manager.push(author.open("good_filter"));
//   operator_.factory["GoodFilter"];
//   CHECK(operator_.storage->recorded() == …);
//
// Lifetime: the cache's folder goes with the Site. Threads: as its parts; events may come from any.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/artifact/facts.hpp"
#include "core/artifact/machine.hpp"
#include "core/cache/binary_cache.hpp"
#include "core/factory/pet_class_manager.hpp"
#include "core/factory/pet_factory.hpp"
#include "core/observer.hpp"
#include "core/registry/keys.hpp"
#include "storage/memory_storage.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/faulty_storage.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {

inline std::string fixture(const std::string& name) { return PET_FIXTURE_DIR "/" + name + ".so"; }

// What an observer was told.
class Events {
 public:
  Observer observer() {
    return [this](const Event& event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
    };
  }
  std::vector<Event> of(EventKind kind) const {
    const std::lock_guard lock(mutex_);
    std::vector<Event> found;
    std::copy_if(events_.begin(), events_.end(), std::back_inserter(found),
                 [kind](const Event& event) { return event.kind == kind; });
    return found;
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    events_.clear();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Event> events_;
};

struct Site {
  explicit Site(std::shared_ptr<MemoryStorage> shared = std::make_shared<MemoryStorage>(),
                ManagerOptions options = {})
      : memory(std::move(shared)),
        storage(std::make_shared<FaultyStorage>(*memory)),
        cache(std::make_shared<BinaryCache>(folder / "cache", CacheOptions{events.observer()})),
        manager(storage, cache, observed(std::move(options))),
        factory(manager, &fallback) {}

  PetClass open(const std::string& name) const { return manager.open_plugin(fixture(name)); }

  // Requests since the last forget(), of one verb or all.
  std::vector<std::string> requests(const std::string& verb = {}) const {
    std::vector<std::string> found;
    for (std::string& request : storage->recorded()) {
      if (request.starts_with(verb)) found.push_back(std::move(request));
    }
    return found;
  }

  TemporaryFolder folder;
  Events events;
  std::shared_ptr<MemoryStorage> memory;
  std::shared_ptr<FaultyStorage> storage;  // the same, watched
  std::shared_ptr<BinaryCache> cache;
  BaseFactory fallback;
  PetClassManager manager;
  PetFactory factory;

 private:
  ManagerOptions observed(ManagerOptions options) {
    options.observer = events.observer();
    return options;
  }
};

// A storage where GoodFilter's second version is latest.
struct Shop {
  Site author;
  PetClass first = author.open("good_filter");
  PetClass second = author.open("good_filter_v2");

  Shop() {
    author.manager.push(first);
    author.manager.push(second);
  }
};

// A hash that no binary has.
inline const std::string kAbsentHash(64, 'a');

inline std::string binary_key_of(const PetClass& clazz) {
  return binary_key(clazz.name(), *clazz.hash(), Machine::current().platform);
}

// The same binary as if it were built for another machine: its ELF header says aarch64.
inline Binary for_aarch64(const std::string& fixture_name) {
  std::string bytes(Binary::read(fixture(fixture_name)).view());
  bytes[18] = static_cast<char>(0xb7);  // e_machine: EM_AARCH64
  bytes[19] = 0;
  return Binary::from_bytes(std::move(bytes), fixture_name + " for aarch64");
}

}  // namespace pet::test
