// CachedTree: a dump or grid of an instance in the form of the boundary, made when a plugin first
// asks for it and valid for the instance's life. (Inside core/loader only.)
//
// A change of a parameter anywhere makes every tree out of date, since a dump reaches into
// children. Older trees stay: a plugin may still read them. One that did not really change is not
// made twice.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/loader/value_bridge.hpp"

namespace pet {

// Counts the changes of parameters and attributes in this process.
inline std::atomic<std::uint64_t> parameter_changes{0};

class CachedTree {
 public:
  // make() → ParamObject, called when there is no tree yet or parameters changed since. Any thread.
  template <class Make>
  const pet_value* get(Make&& make) {
    const std::uint64_t now = parameter_changes.load();
    std::lock_guard lock(mutex_);
    if (!trees_.empty() && made_at_ == now) return &trees_.back()->root;
    ParamObject object = make();
    if (trees_.empty() || !(trees_.back()->object == object)) {
      auto tree = std::make_unique<Tree>();
      tree->object = std::move(object);
      tree->root = to_boundary(tree->object, tree->arena);
      trees_.push_back(std::move(tree));
    }
    made_at_ = now;
    return &trees_.back()->root;
  }

 private:
  struct Tree {
    ParamObject object;
    ValueArena arena;
    pet_value root;
  };
  std::mutex mutex_;
  std::uint64_t made_at_ = 0;
  std::vector<std::unique_ptr<Tree>> trees_;
};

}  // namespace pet
