#include "core/factory/container.hpp"

#include <optional>

#include "core/cache/binary_cache.hpp"
#include "core/factory/storage_classes.hpp"
#include "core/loader/plugin_host.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

std::shared_ptr<BinaryCache> cache_of(const ContainerOptions& options) {
  if (options.cache) return options.cache;
  return std::make_shared<BinaryCache>(std::filesystem::path{}, CacheOptions{options.observer});
}

void require_consistent(BindOptions options) {
  if (options.auto_push && !options.persist) {
    throw Error(ErrorCode::kUsage,
                "auto_push without persist: a class is published under the hash that persist "
                "registers; set both, or neither");
  }
}

}  // namespace

Container::Container(ContainerOptions options)
    : pcm(options.storage, cache_of(options),
          {.observer = options.observer,
           .verify = options.verify,
           .single_writer = options.single_writer,
           .offline = options.offline}),
      ppif(pcm, &pif),
      host_(options.host ? options.host : PluginHost::process()) {
  add_aliases(options.aliases);
  bind_all(storage_classes());
  bind_all(options.builtins);
}

Container::~Container() = default;

BaseFactory* Container::factory_of(std::string_view kind) noexcept {
  if (kind == "filter") return &ff;
  if (kind == "pipeline") return &pf;
  if (kind == "metric") return &mf;
  if (kind == "storage") return &sf;
  return nullptr;
}

const PetClass& Container::add(const PetClass& clazz) {
  const PetClass& added = add_as(clazz.name(), clazz);
  const std::lock_guard lock(mutex_);
  const auto [first, last] = aliases_.equal_range(clazz.name());
  for (auto alias = first; alias != last; ++alias) add_as(alias->second, clazz);
  return added;
}

const PetClass& Container::add_as(std::string_view name, const PetClass& clazz) {
  if (BaseFactory* const factory = factory_of(clazz.kind())) factory->assign(name, clazz);
  return pif.assign(name, clazz);
}

const PetClass& Container::bind(const pet_entry& entry, BindOptions options) {
  require_consistent(options);
  const PetClass clazz = PetClass::compiled_in(entry);
  if (options.persist) pcm.get_class_hash(clazz);  // kNoBinary
  return add(clazz);
}

void Container::bind_all(std::span<const pet_entry* const> entries) {
  for (const pet_entry* const entry : entries) bind(*entry);
}

const PetClass& Container::bind(const std::filesystem::path& file, BindOptions options) {
  require_consistent(options);
  const PetClass clazz = pcm.open_plugin(file);
  const PetClass& bound = add(clazz);
  if (options.persist) ppif.assign(clazz.name(), clazz);
  if (options.auto_push) pcm.push(clazz);
  return bound;
}

void Container::add_aliases(std::span<const ClassAlias> aliases) {
  const std::lock_guard lock(mutex_);
  for (const auto& [alias, name] : aliases) {
    aliases_.emplace(name, alias);
    if (const std::optional<PetClass> clazz = pif.get(name)) add_as(alias, *clazz);
  }
}

Container& default_container() {
  // Never destroyed: others' static objects and threads may use it until the very end.
  static Container& container = *new Container;
  return container;
}

}  // namespace pet
