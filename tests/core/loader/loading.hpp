// Fixtures as classes, and errors as values.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/loader/base_plugin.hpp"
#include "core/loader/loader.hpp"
#include "core/loader/pet_class.hpp"
#include "storage/error.hpp"
#include "tests/storage/error_matcher.hpp"

namespace pet::test {

inline std::string fixture_path(const std::string& name) {
  return PET_FIXTURE_DIR "/" + name + ".so";
}

// Maps a file of the build tree under its own name, which nobody changes while the tests run.
inline PetClass load_file(const std::string& path) {
  auto binary = std::make_shared<const Binary>(Binary::read(path));
  auto library = Loader::process().load(*binary, path);
  return PetClass::from_library(std::move(library), std::move(binary), path);
}

inline PetClass load_fixture(const std::string& name) { return load_file(fixture_path(name)); }

// What `action` throws.
template <class Action>
Error error_of(Action&& action) {
  try {
    std::forward<Action>(action)();
  } catch (const Error& error) {
    return error;
  }
  FAIL("nothing was thrown");
  return {ErrorCode::kUsage, ""};
}

// Messages begin with class and short hash.
inline std::string label(const PetClass& clazz) {
  return clazz.hash() ? clazz.name() + " " + clazz.hash()->short_hex() : clazz.name();
}

// What the loader reports while this object lives.
class LoaderEvents {
 public:
  LoaderEvents() {
    Loader::process().observe([seen = seen_](const Event& event) {
      std::lock_guard lock(seen->mutex);
      seen->events.push_back(event);
    });
  }
  ~LoaderEvents() { Loader::process().observe({}); }
  LoaderEvents(const LoaderEvents&) = delete;
  LoaderEvents& operator=(const LoaderEvents&) = delete;

  // The last one about a hash.
  std::optional<Event> last(const Hash& hash) const {
    std::lock_guard lock(seen_->mutex);
    for (auto event = seen_->events.rbegin(); event != seen_->events.rend(); ++event) {
      if (event->hash == hash.hex()) return *event;
    }
    return std::nullopt;
  }

 private:
  struct Seen {
    std::mutex mutex;
    std::vector<Event> events;
  };
  std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
};

inline XYData vector_of(std::initializer_list<double> values) { return XYData::mock(values); }

}  // namespace pet::test
