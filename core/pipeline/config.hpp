// Config: what the objects of a JSON tree mean: which of them are nodes (classes and instances),
// and what each node says of its version. Nothing is looked up here, and no plugin code runs.
//
//   {"clazz": "KnnFilter", "version_hash": null, "params": {"n_neighbors": 3}}   an instance
//   {"clazz": "KnnFilter", "version_hash": "3fa9c1…"}                            the class itself
//
//   version_hash   the binary; missing, null and "" are the same: what the factory has by that name
//   platforms      {"linux-x86_64-gnu": hash…}: the binary for each platform; this one's is taken
//   builtin        the behaviour version of a compiled-in class, instead of a binary
//   state_hash     what the instance had learned
//   "_…"           private attributes
//
// An object without `clazz` is a plain value. Nodes may stand anywhere in lists and objects, also
// in attributes.
//
// Threads: a Config is a value that can be moved, used by one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/artifact/hash.hpp"
#include "core/loader/param_value.hpp"
#include "core/pipeline/config_problems.hpp"

namespace pet {

inline constexpr std::size_t kMaxConfigDepth = 256;

// One node. Its object stays in the tree, so that a builder replaces it there.
struct ConfigNode {
  std::string pointer;  // RFC 6901
  std::string clazz;
  std::optional<Hash> hash;            // the binary to take on this platform
  std::optional<std::string> builtin;  // or the compiled-in class of that version
  std::optional<Hash> state_hash;
  bool is_class = false;        // no params: the class itself
  bool is_valid = true;         // false: a problem was found in the node itself
  ParamValue* place = nullptr;  // where it stands in the Config's tree
};

class Config {
 public:
  // Reads all of `root` as seen from `platform` ("linux-x86_64-gnu"); what is wrong is added to
  // `problems`, and reading goes on.
  static Config read(ParamValue root, std::string_view platform, ConfigProblems& problems);

  // Children before their parents, the root last.
  std::vector<ConfigNode>& nodes() noexcept { return nodes_; }
  const std::vector<ConfigNode>& nodes() const noexcept { return nodes_; }

  ParamValue& root() noexcept { return *root_; }
  const ParamValue& root() const noexcept { return *root_; }

 private:
  Config() = default;
  std::unique_ptr<ParamValue> root_;  // on the heap: nodes point into it
  std::vector<ConfigNode> nodes_;
};

// What a message says of a value's kind: "a list", "the text \"abc\"", "null".
std::string shown_value(const ParamValue& value);

}  // namespace pet
