// The storages as classes: compiled-in plugins of kind "storage", so that a config can name one.
//
//   {"clazz": "LocalStorage", "params": {"path": "/srv/pets"}}
//   {"clazz": "S3Storage", "params": {"bucket": "team", "prefix": "pets"}}
//
// storage/ knows nothing of plugins; this is where the two meet. A Container registers them in `sf`
// and `pif`.
//
// Threads: any.
#pragma once

#include <memory>
#include <span>

struct pet_entry;

namespace pet {

class BasePlugin;
class BaseStorage;

std::span<const pet_entry* const> storage_classes();

// The storage that an instance of one of them stands for; kUsage for an instance of another class. It
// lives as long as the last handle on it, whatever becomes of the instance.
std::shared_ptr<BaseStorage> storage_of(const BasePlugin& instance);

}  // namespace pet
