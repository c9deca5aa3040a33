// Copies of instances with other parameters. (Inside core/loader only.)
#pragma once

#include "core/loader/base_plugin.hpp"
#include "core/loader/param_value.hpp"

namespace pet {

// BasePlugin::clone. A child that stands at several places of the tree stands at the same places of
// the copy, once; an override that reaches it by one of them counts for all. A path goes through
// parameters, list indices and keys of objects.
BasePlugin clone_with(const BasePlugin& plugin, const ParamObject& overrides);

}  // namespace pet
