// ClassObjects: what a storage has of a class, from one request instead of one for each object.
//
//   if (const auto there = ClassObjects::list(storage, class_prefix("MyFilter"))) {
//     if (!there->find(key)) …
//   }
//
// For the writing half of this room only, and for storages whose requests wait for a network: a
// directory answers single questions sooner. Threads: a plain value.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base_storage.hpp"

namespace pet {

class ClassObjects {
 public:
  // The objects whose keys begin with `prefix`. Nullopt when there are so many that asking for each
  // costs less.
  static std::optional<ClassObjects> list(const BaseStorage& storage, std::string_view prefix);

  // As BaseStorage::head at the time of the list.
  std::optional<ObjectInfo> find(std::string_view key) const;

  // The highest number of an entry of that class's log; 0: none.
  std::uint64_t last_number(std::string_view class_name) const;

  // The first key; empty when there is no object.
  std::string_view first_key() const;

 private:
  std::map<std::string, std::uint64_t, std::less<>> sizes_;  // by key
};

}  // namespace pet
