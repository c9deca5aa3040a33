// build_from_dump: a config becomes live instances.
//
//   pet::BasePlugin pipeline = pet::build_from_dump(text, container, {.source = "pipeline.json"});
//   pipeline.fit(x, y);
//
// Exactly the classes that the config names are fetched and mapped, in parallel; then instances are
// made, children before their parents. A node with a hash gets exactly that binary; one marked
// "builtin" asks no storage at all. One with a "state_hash" has learned already what that state
// holds, and predicts at once. Whatever is wrong is collected and thrown as one error.
//
// Threads:  any; a factory may serve several builds at once.
// Throws:   kBadConfig for malformed JSON (line and column) and for a config that makes no sense;
//           kClassNotFound, kVersionNotFound, kBadParams… when all its problems are of that one
//           kind, and kBadConfig listing all of them, each at its JSON pointer, when they are not.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/loader/base_plugin.hpp"
#include "core/loader/param_value.hpp"

namespace pet {

class BaseFactory;
class Container;
class PluginHost;

struct BuildOptions {
  std::string source = "config";     // how messages name the config: a file's name, say
  std::shared_ptr<PluginHost> host;  // of the instances; none: PluginHost::process()
};

BasePlugin build_from_dump(std::string_view json, const BaseFactory& factory,
                           BuildOptions options = {});
BasePlugin build_from_dump(const ParamObject& config, const BaseFactory& factory,
                           BuildOptions options = {});

// The same from a container's ppif, with its host.
BasePlugin build_from_dump(std::string_view json, const Container& container,
                           BuildOptions options = {});
BasePlugin build_from_dump(const ParamObject& config, const Container& container,
                           BuildOptions options = {});

// The same for a tree with any root: a class, a list of nodes, a plain value. Nodes are replaced by
// what they stand for, everything else stays.
ParamValue build_value(ParamValue config, const BaseFactory& factory, BuildOptions options = {});

}  // namespace pet
