// State: the storage of a PetClassManager and its registry, exchanged as one. (Inside core/factory only.)
#pragma once

#include <memory>
#include <string>

#include "core/factory/pet_class_manager.hpp"
#include "core/registry/registry.hpp"
#include "storage/base_storage.hpp"

namespace pet {

struct PetClassManager::State {
  std::shared_ptr<BaseStorage> storage;  // null: none
  std::unique_ptr<Registry> registry;    // of that storage
  std::string description;
};

}  // namespace pet
