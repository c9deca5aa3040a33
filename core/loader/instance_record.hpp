// What a BasePlugin points at: one instance, all that it needs to live, and the host as it sees it.
// (Inside core/loader only.)
//
// Destruction: the instance first, then what it borrowed: clones that it did not release, the
//              children among its parameters, the host's services, and its library last.
#pragma once

#include <pet/abi.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/loader/base_plugin.hpp"
#include "core/loader/class_record.hpp"
#include "core/loader/plugin_host.hpp"
#include "core/loader/value_tree.hpp"

namespace pet {

struct BasePlugin::Record : std::enable_shared_from_this<BasePlugin::Record> {
  Record(const PetClass& of, std::shared_ptr<PluginHost> services);
  ~Record();
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

  const PetClass::Record& class_record() const noexcept { return clazz.record(); }

  // The boundary's name for this record, when it is a child.
  pet_child* handle() const noexcept {
    return reinterpret_cast<pet_child*>(const_cast<Record*>(this));
  }
  static Record& of(const pet_child* handle) noexcept {
    return *reinterpret_cast<Record*>(const_cast<pet_child*>(handle));
  }
  static Record& of(const pet_host* host) noexcept { return *static_cast<Record*>(host->context); }
  BasePlugin as_plugin() { return BasePlugin(shared_from_this()); }

  // Keeps a clone that the instance asked for, until it gives it back.
  pet_child* adopt(std::shared_ptr<Record> child);
  bool give_back(const pet_child* child);

  // What a call needs, beside each other.
  pet_host host_table;
  pet_instance* instance = nullptr;
  InterfaceTables tables;

  PetClass clazz;
  std::shared_ptr<PluginHost> host;
  ParamObject params;
  ParamObject attributes;
  // Values that `set` replaced: the instance may still use a child among them.
  std::vector<ParamValue> retired;

  std::mutex adopted_mutex;
  std::vector<std::shared_ptr<Record>> adopted;

  // The instance's dump and grid as values of the boundary, made when first asked for.
  CachedTree description;
  CachedTree grid;
};

}  // namespace pet
