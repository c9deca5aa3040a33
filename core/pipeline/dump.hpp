// Dumps of live instances, as texts and as pinned configs.
//
//   std::ofstream("pipeline.json") << pet::item_dump_json(pipeline);
//   std::ofstream("pinned.json") << pet::to_json(pet::pinned_dump(pipeline), 2);
//
// Threads: any, also at once on one instance.
#pragma once

#include <span>
#include <string>

#include "core/loader/base_plugin.hpp"
#include "core/loader/param_value.hpp"

namespace pet {

// BasePlugin::item_dump as text.
std::string item_dump_json(const BasePlugin& plugin, std::span<const std::string> include = {},
                           unsigned indent = 0);

// A config that rebuilds to the same code whatever moves meanwhile: every node, at any depth, names
// its binary by version_hash or, when it is compiled in, its behaviour version by "builtin".
// Private attributes are written, too. Throws kNoBinary for a compiled-in class without a version.
ParamObject pinned_dump(const BasePlugin& plugin);

}  // namespace pet
