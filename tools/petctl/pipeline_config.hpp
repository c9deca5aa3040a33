// What the verbs that build pipelines share: reading their configs, and what they warn of.
//
// Throws: kBadConfig for a config that is no object; what the storage throws.
#pragma once

#include <string>
#include <vector>

#include "core/factory/container.hpp"
#include "core/loader/base_plugin.hpp"
#include "core/loader/param_value.hpp"
#include "tools/data/pipeline_classes.hpp"

namespace pet::tools {

ParamObject read_config(const std::string& file);

// Whether any node names what it has learned.
bool has_state(const ParamValue& config);

// A binary that somebody names wants to be tried: says so when the pipeline goes without it.
// `given` are the classes of `files`.
void warn_of_unused(const std::vector<std::string>& files, const std::vector<PetClass>& given,
                    const std::vector<PetClass>& used, const std::string& config);

// A config that names what only a file here has cannot be built elsewhere.
void warn_of_unpushed(const Container& container, const std::vector<PetClass>& used,
                      const std::string& config);

}  // namespace pet::tools
