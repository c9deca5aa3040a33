// PushPlan: which of a factory's classes to publish, and which to store only. (Inside
// core/factory.)
//
// A class may be assigned under its own name and under aliases, in different versions, but only one
// can be latest: pushing them all would move latest back and forth at every push_all.
//
// Threads: belongs to one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/factory/pet_class_manager.hpp"
#include "core/loader/pet_class.hpp"

namespace pet {

class PushPlan {
 public:
  // In registration order. REQUIRES: a class with a hash.
  void add(std::string_view registered_as, const PetClass& clazz);

  // Pushes and stores all of it, then throws one error that lists every failure. No request when
  // nothing was added.
  std::vector<PushResult> carry_out(const PetClassManager& manager,
                                    const PublishOptions& options) const;

 private:
  std::vector<PetClass> to_push_;     // different names
  std::vector<PetClass> to_persist_;  // other versions of those
  std::vector<std::string> settled_;  // classes that were added under their own name
};

}  // namespace pet
