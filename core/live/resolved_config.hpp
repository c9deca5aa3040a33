// LiveConfig: a config of which some classes are followed; ResolvedConfig: what it means at one moment,
// with every node pinned.
//
//   LiveConfig config(parse_json_file("iris.json"), {.source = "iris.json", .follow = {"MyFilter"}});
//   for (const std::string& name : config.followed()) choices[name] = chooser.choose(name);
//   ResolvedConfig now = config.resolve(choices);
//
// Followed is every class that some node names without a pin, and those in `follow`, whose pins in the
// config are only where they begin. What a node has learned (state_hash) stays with it: a new version is
// given the old one's state.
//
// Threads: values.
// Throws:  kBadConfig as config.hpp; kUsage for a class in `follow` that the config does not name.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/artifact/hash.hpp"
#include "core/loader/param_value.hpp"

namespace pet {

// One class of a pipeline, in one version.
struct ClassVersion {
  std::string name;
  std::optional<Hash> hash;  // nothing: compiled in
  std::string builtin = {};  // the behaviour version then
  std::uint64_t number =
      0;  // of the log entry that was followed; 0: pinned by the config, or compiled in
  std::string time = {};  // that entry's

  // Whether they are the same code.
  bool is(const ClassVersion& other) const {
    return name == other.name && hash == other.hash && builtin == other.builtin;
  }
  // A pin is the config's to move, and what is compiled in the program's.
  bool is_followed() const { return hash && number != 0; }
  // "MyFilter 3fa9c1…", "KnnFilter (built in, 1)"
  std::string shown() const;
};

struct ResolvedConfig {
  ParamObject config;                 // every node pinned
  std::string text;                   // of that, one line
  Hash id{Hash::Bytes{}};             // SHA-256 of the text: equal exactly when the pipelines are
  std::vector<ClassVersion> classes;  // each once
  std::vector<std::pair<std::string, Hash>> states;  // of which class, and what it had learned

  const ClassVersion* find(const std::string& name) const;
  bool contains(const ClassVersion& version) const;
};

// Those of `to` that are not in `from`, and so the reason of a move.
std::vector<ClassVersion> moved_classes(const ResolvedConfig* from, const ResolvedConfig& to);

using ClassChoices = std::map<std::string, ClassVersion, std::less<>>;

struct LiveConfigOptions {
  std::string source = "config";         // in messages
  std::vector<std::string> follow = {};  // whatever their pins say
};

class LiveConfig {
 public:
  explicit LiveConfig(ParamObject config, LiveConfigOptions options = {});

  const std::vector<std::string>& followed() const noexcept { return followed_; }
  const std::string& source() const noexcept { return options_.source; }

  // REQUIRES: a choice for each class in followed().
  ResolvedConfig resolve(const ClassChoices& choices) const;

 private:
  bool follows(const std::string& name) const;

  ParamObject config_;
  LiveConfigOptions options_;
  std::vector<std::string> followed_;
};

}  // namespace pet
