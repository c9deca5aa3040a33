// Dumps of live instances, as texts and as pinned configs.
//
//   std::ofstream("pipeline.json") << pet::item_dump_json(pipeline);
//   std::ofstream("pinned.json") << pet::to_json(pet::pinned_dump(pipeline), 2);
//   std::ofstream("fitted.json") << pet::to_json(pet::save_fitted(pipeline, container.pcm), 2);
//
// Threads: any, also at once on one instance.
#pragma once

#include <span>
#include <string>

#include "core/loader/base_plugin.hpp"
#include "core/loader/param_value.hpp"

namespace pet {

class PetClassManager;

// BasePlugin::item_dump as text.
std::string item_dump_json(const BasePlugin& plugin, std::span<const std::string> include = {},
                           unsigned indent = 0);

// A config that rebuilds to the same code whatever moves meanwhile: every node, at any depth, names
// its binary by version_hash or, when it is compiled in, its behaviour version by "builtin".
// Private attributes are written, too. Throws kNoBinary for a compiled-in class without a version.
ParamObject pinned_dump(const BasePlugin& plugin);

// pinned_dump with what fit learned: the config that rebuilds predicts at once, and as `plugin`
// does. Its states are stored first. An instance that saves its state carries its children's in it,
// so that only the topmost ones have a "state_hash". Throws kNotTrainable for an instance that can be
// fitted but saves no state, and what the storage throws.
ParamObject save_fitted(const BasePlugin& plugin, const PetClassManager& manager);

// Throws what save_fitted would throw of the classes, without asking them: before a long fit.
void require_savable(const BasePlugin& plugin);

}  // namespace pet
