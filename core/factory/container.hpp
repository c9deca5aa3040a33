// Container: storage, factories and their wiring, in one object.
//
//   Container container({.storage = open_storage("file:///srv/pets"), .builtins = builtins()});
//   container.bind("build/MyFilter.so", {.persist = true, .auto_push = true});
//   BasePlugin filter = container.ppif["MyFilter"].create();
//
// An ordinary object: make as many as needed. default_container() is one for the process.
//
// Lifetime: what its factories return stays valid for its life; classes and instances outlive it.
// Threads:  everything may be called from any thread, as the members say themselves.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "core/factory/base_factory.hpp"
#include "core/factory/pet_class_manager.hpp"
#include "core/factory/pet_factory.hpp"
#include "core/observer.hpp"

struct pet_entry;

namespace pet {

class BaseStorage;
class BinaryCache;
class Host;

template <class T>
const pet_entry& entry_of();  // pet/plugin.hpp, where T is defined with the SDK

// {alias, the class's own name}: the seed's spellings of names that we would write otherwise, and back.
using ClassAlias = std::pair<std::string_view, std::string_view>;

struct ContainerOptions {
  std::shared_ptr<BaseStorage> storage;           // none: memory and built-ins only, until set_storage
  std::shared_ptr<BinaryCache> cache;             // none: the user's, in the XDG cache home
  std::span<const pet_entry* const> builtins = {};
  std::span<const ClassAlias> aliases = {};       // used as far as their classes are bound
  Observer observer = {};
  std::shared_ptr<Host> host;                     // of instances; none: Host::process()
  bool offline = false;                           // ask cache and built-ins only
  bool verify = false;                            // push compares stored bytes, not sizes only
  bool single_writer = false;                     // write to a storage that cannot put-if-absent
};

struct BindOptions {
  bool persist = false;    // also registered in ppif, with its hash
  bool auto_push = false;  // and published now; only with persist
};

class Container {
 public:
  explicit Container(ContainerOptions options = {});
  ~Container();
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  // Registers a compiled-in class in its kind's factory and in pif. It has no binary: persist is kNoBinary.
  template <class T>
  const PetClass& bind(BindOptions options = {}) {
    return bind(entry_of<T>(), options);
  }
  const PetClass& bind(const pet_entry& entry, BindOptions options = {});
  void bind_all(std::span<const pet_entry* const> entries);

  // Registers the class of a binary likewise. Touches storage only with auto_push; when that fails it throws and the class
  // stays registered. auto_push without persist is kUsage.
  const PetClass& bind(const std::filesystem::path& file, BindOptions options = {});

  // Other names for bound classes, in the factories that have them.
  void add_aliases(std::span<const ClassAlias> aliases);

  std::shared_ptr<BaseStorage> storage() const { return pcm.storage_handle(); }
  // pcm and ppif use it at once. Registered classes stay, so that push_all publishes them there.
  void set_storage(std::shared_ptr<BaseStorage> storage) { pcm.set_storage(std::move(storage)); }

  const std::shared_ptr<Host>& host() const noexcept { return host_; }

  BaseFactory ff{"filters"};
  BaseFactory pf{"pipelines"};
  BaseFactory mf{"metrics"};
  BaseFactory sf{"storages"};
  BaseFactory pif{"classes"};
  PetClassManager pcm;
  PetFactory ppif;

 private:
  BaseFactory* factory_of(std::string_view kind) noexcept;  // nullptr: pif alone
  const PetClass& add(const PetClass& clazz);

  std::shared_ptr<Host> host_;
};

// The process's own, made at the first call with default options and never destroyed.
Container& default_container();

}  // namespace pet
