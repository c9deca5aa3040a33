// Container: storage, factories and their wiring, in one object.
//
//   Container container({.storage = open_storage("file:///srv/pets"), .builtins = builtins()});
//   container.bind("build/MyFilter.so", {.persist = true, .auto_push = true});
//   BasePlugin filter = container.ppif["MyFilter"].create();
//
// An ordinary object: make as many as needed. default_container() is one for the process.
//
// Lifetime: references from its factories stay valid for its life; classes and instances outlive
//           it.
// Threads:  everything may be called from any thread, as the members say themselves.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <pet/plugin.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/factory/base_factory.hpp"
#include "core/factory/pet_class_manager.hpp"
#include "core/factory/pet_factory.hpp"
#include "core/observer.hpp"

namespace pet {

class BaseStorage;
class BinaryCache;
class PluginHost;

// {alias, the class's own name}, such as {"Precision", "Precission"}: the seed has its spellings.
using ClassAlias = std::pair<std::string_view, std::string_view>;

struct ContainerOptions {
  std::shared_ptr<BaseStorage> storage = {};  // none: memory and built-ins only, until set_storage
  // None: the user's default directory. One that is given reports to an observer of its own.
  std::shared_ptr<BinaryCache> cache = {};
  std::span<const pet_entry* const> builtins = {};
  std::span<const ClassAlias> aliases = {};
  Observer observer = {};
  std::shared_ptr<PluginHost> host = {};  // of the instances; none: PluginHost::process()
  bool offline = false;                   // ask cache and built-ins only
  bool verify = false;                    // push compares stored bytes, not sizes only
  bool single_writer = false;             // write to a storage that cannot put-if-absent
};

struct BindOptions {
  bool persist = false;    // also register it in ppif, with its hash
  bool auto_push = false;  // and publish it now; only with persist
};

class Container {
 public:
  explicit Container(ContainerOptions options = {});
  ~Container();
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  // Registers a compiled-in class (PET_CLASS) in its kind's factory and in pif. It has no binary:
  // persist is kNoBinary.
  template <class T>
  const PetClass& bind(BindOptions options = {}) {
    return bind(entry_of<T>(), options);
  }
  const PetClass& bind(const pet_entry& entry, BindOptions options = {});
  void bind_all(std::span<const pet_entry* const> entries);

  // Registers the class of a binary in the same places. Touches storage only with auto_push; when
  // that fails it throws, and the class stays registered. auto_push without persist is kUsage.
  const PetClass& bind(const std::filesystem::path& file, BindOptions options = {});

  // Other names for classes, in pif and their kind's factory: they follow when the class is bound
  // again. What is not bound yet has its alias once it is.
  void add_aliases(std::span<const ClassAlias> aliases);

  std::shared_ptr<BaseStorage> storage() const { return pcm.storage_handle(); }

  // pcm and ppif use it at once. Registered classes stay, so that push_all publishes them to it.
  void set_storage(std::shared_ptr<BaseStorage> storage) { pcm.set_storage(std::move(storage)); }

  const std::shared_ptr<PluginHost>& host() const noexcept { return host_; }

  BaseFactory ff{"filters"};
  BaseFactory pf{"pipelines"};
  BaseFactory mf{"metrics"};
  BaseFactory sf{"storages"};
  BaseFactory pif{"classes"};  // of every kind
  PetClassManager pcm;
  PetFactory ppif;  // over pcm, then pif

 private:
  BaseFactory* factory_of(std::string_view kind) noexcept;  // nullptr: pif alone
  const PetClass& add(const PetClass& clazz);
  const PetClass& add_as(std::string_view name, const PetClass& clazz);

  std::mutex mutex_;                                              // guards aliases_
  std::multimap<std::string, std::string, std::less<>> aliases_;  // by the class's own name
  std::shared_ptr<PluginHost> host_;
};

// The process's own: made with default options at the first call, never destroyed.
Container& default_container();

}  // namespace pet
