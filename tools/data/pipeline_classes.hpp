// pipeline_classes: what a pipeline is made of.
//
// Threads: pure functions of their arguments.
#pragma once

#include <vector>

#include "core/loader/base_plugin.hpp"
#include "core/loader/pet_class.hpp"

namespace pet::tools {

// Every class of the tree, each once, in the order of the config.
std::vector<PetClass> classes_of(const BasePlugin& pipeline);

// Whether its predictions may be numbers of clusters, which are no places among labels.
bool predicts_clusters(const BasePlugin& pipeline);

}  // namespace pet::tools
