// What an instance looks like as a tree: its dump, and the search grids in it. (Inside core/loader
// only.)
//
// Threads: not while a parameter of the instance or of one below it is being set.
#pragma once

#include <span>
#include <string>

#include "core/loader/base_plugin.hpp"
#include "core/loader/param_value.hpp"

namespace pet {

// BasePlugin::item_dump.
ParamObject dump_of(const BasePlugin& plugin, std::span<const std::string> include);

// What a parent sees of its child: the dump, in which a compiled-in class, which has no hash, shows
// its version as "builtin". So two versions of it never look the same.
ParamObject description_of(const BasePlugin& plugin);

// {path: [values]} of every `_grid` attribute in the instance's tree, in the tree's order. A path
// names a parameter from the instance down: "n_neighbors", "filters/1/n_neighbors". A grid's value
// that is no list is a list of that one.
ParamObject grid_of(const BasePlugin& plugin);

}  // namespace pet
