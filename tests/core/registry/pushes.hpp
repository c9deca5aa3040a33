// What the tests of this room push: bytes that pass for a binary, with facts to match. The registry
// looks at no binary itself, so none of these needs to be one.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "core/observer.hpp"
#include "core/registry/keys.hpp"
#include "core/registry/registry.hpp"
#include "storage/memory_storage.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/faulty_storage.hpp"

namespace pet::test {

inline constexpr const char* kLinux = "linux-x86_64-gnu";
inline constexpr const char* kArm = "linux-aarch64-gnu";

inline Artifact artifact(const std::string& class_name, const std::string& bytes,
                         const std::string& platform = kLinux) {
  Facts facts;
  facts.size = bytes.size();
  facts.platform = platform;
  facts.has_notes = true;
  facts.clazz.name = class_name;
  facts.clazz.kind = "filter";
  return {Binary::from_bytes(bytes, class_name + ".so"), facts};
}

inline PushItem item(const std::string& class_name, const std::string& bytes,
                     PublishOptions options = {}) {
  return {.binaries = {artifact(class_name, bytes)}, .options = std::move(options)};
}

inline Hash hash_of(const std::string& bytes) { return Hash::of(std::string_view(bytes)); }

// As a storage far away: a push asks it for lists where it asks others for single objects.
inline constexpr Capabilities kRemote{
    .list = true, .write = true, .put_if_absent = true, .remote = true};

inline constexpr Capabilities kNoList{.list = false, .write = true, .put_if_absent = true};

// A registry over memory, with what went to the storage and what was reported.
struct Bench {
  explicit Bench(bool remote = false) {
    if (remote) storage->limit_to(kRemote);
  }

  MemoryStorage memory;
  std::shared_ptr<FaultyStorage> storage = std::make_shared<FaultyStorage>(memory);
  std::vector<Event> events;
  RegistryOptions options{.observer = [this](const Event& event) { events.push_back(event); },
                          .by = "ann@build7"};
  Registry registry{storage, options};

  // One that remembers nothing.
  Registry fresh() const { return Registry(storage, options); }

  std::vector<std::string> damages() const {
    std::vector<std::string> messages;
    for (const Event& event : events) {
      if (event.kind == EventKind::kDamage) messages.push_back(event.message);
    }
    return messages;
  }

  // What was asked of the storage since the last forget() and may have changed it.
  std::vector<std::string> writes() const {
    std::vector<std::string> found;
    for (const std::string& text : storage->recorded()) {
      if (text.starts_with("put") || text.starts_with("remove")) found.push_back(text);
    }
    return found;
  }
};

inline void push_versions(Bench& bench, int count, const std::string& class_name = "MyFilter") {
  for (int i = 1; i <= count; ++i) {
    bench.registry.push(item(class_name, "version " + std::to_string(i)));
  }
}

inline std::string read(BaseStorage& storage, const std::string& key) {
  return storage.get(key).value_or("absent");
}

// Whatever happened: the log is whole, and what it names is there.
inline void check_sound(const Registry& reader, BaseStorage& storage,
                        const std::string& class_name) {
  const std::uint64_t last = reader.check_log(class_name);
  for (std::uint64_t number = 1; number <= last; ++number) {
    const LogEntry entry = *reader.entry(class_name, number);
    for (const auto& [platform, file] : entry.release) {
      const auto bytes = reader.binary_bytes(class_name, file.hash, platform);
      REQUIRE(bytes);
      CHECK(hash_of(*bytes) == file.hash);
      CHECK(storage.head(facts_key(class_name, file.hash)));
    }
  }
}

// After a completed push of "new": everything is as if nothing had ever failed.
inline void check_complete(const Registry& reader, BaseStorage& storage,
                           const std::string& class_name, std::uint64_t number) {
  const auto newest = reader.newest(class_name);
  REQUIRE(newest);
  CHECK(newest->number == number);
  CHECK(newest->hash == hash_of("new"));
  CHECK(read(storage, latest_key(class_name)) == read(storage, log_key(class_name, number)));
  check_sound(reader, storage, class_name);
}

}  // namespace pet::test

namespace Catch {
template <>
struct StringMaker<pet::Hash> {
  static std::string convert(const pet::Hash& hash) { return hash.hex(); }
};
}  // namespace Catch
