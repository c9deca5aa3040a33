// PetFactory: any class by name, from memory, a storage, or a fallback factory.
//
//   PetFactory factory(manager, &builtins);
//   factory["MyFilter"];                           // memory → storage's latest → fallback
//   factory.get_version("MyFilter", "3fa9c1…");    // exactly that binary, or an error
//   factory.assign("MyFilter", manager.open_plugin("MyFilter.so"));
//   factory.push_all();                            // publishes what was assigned
//
// Absence:  continues to the next place, and is not remembered; everything else stops. A corrupt or
//           refused binary, an unreachable storage or a class for other platforms only never falls
//           through to a built-in or to an older copy.
// Names:    one keeps the version first resolved, until it is assigned, erased or refreshed. What
//           the fallback answers is not registered here.
// Offline:  names come from memory and fallback, exact versions from memory and cache.
// Lifetime: references stay valid for the factory's life, those to the fallback's classes for the
//           fallback's. Manager and fallback must outlive the factory.
// Threads:  everything may be called from any thread. A name in memory costs a few atomic loads;
//           concurrent first uses of one name ask storage once.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/factory/base_factory.hpp"
#include "core/factory/pet_class_manager.hpp"

namespace pet {

class PetFactory final : public BaseFactory {
 public:
  explicit PetFactory(PetClassManager& manager, const BaseFactory* fallback = nullptr);
  ~PetFactory() override;

  // Registers the class and tracks its hash. Storage does not change until a push. The class that
  // is displaced stays reachable through get_version, pushed or not. Compiled-in classes are
  // kNoBinary.
  const PetClass& assign(std::string_view name, const PetClass& clazz) override;
  bool erase(std::string_view name) override;
  void clear() override;

  bool has_versions() const noexcept override { return true; }

  // From memory without a request when a class of that hash was ever registered here, or is in the
  // fallback; else from the cache; else from storage. Throws kVersionNotFound, naming those there
  // are.
  PetClass get_version(std::string_view name, const Hash& hash) const override;
  using BaseFactory::get_version;

  Binary get_state(std::string_view name, const Hash& hash) const override;
  std::optional<PetClass> get_builtin(std::string_view name) const override;

  // Missing classes are fetched and loaded by several threads, from a storage far away by many.
  std::vector<ClassAnswer> prefetch(std::span<const ClassRequest> requests) const override;
  std::size_t fetches_at_once() const override;

  // Asks storage for the latest again and registers it. When storage has none, or fails (this
  // throws then), what is registered stays.
  const PetClass& refresh(std::string_view name);

  // The registered names and their hashes.
  std::map<std::string, Hash> tracked_hashes() const;

  // Publishes what was assigned, never what was only loaded, in one batch; makes no request when
  // that is nothing. Of a class assigned under several names, the version under its own name
  // becomes latest (else the one registered last), and the others are stored only. One failure does
  // not stop the others: a single error lists all, with the code of the first.
  std::vector<PushResult> push_all(const PublishOptions& options = {});

  PetClassManager& manager() const noexcept { return manager_; }

 private:
  struct Tracking;

  const PetClass* resolve(std::string_view name) const override;
  std::vector<std::string> places_tried() const override;
  std::vector<Candidate> candidates(std::string_view wanted) const override;

  const PetClass& register_loaded(std::string_view name, const PetClass& clazz) const;
  std::optional<PetClass> known_version(std::string_view name, const Hash& hash) const;
  std::string own_name(std::string_view name) const;

  PetClassManager& manager_;
  const BaseFactory* fallback_;
  std::unique_ptr<Tracking> tracking_;
};

}  // namespace pet
