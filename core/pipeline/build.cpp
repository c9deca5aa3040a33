// Building takes four passes: read all nodes; ask the factory for all classes at once, so that it
// can fetch in parallel; ask it for all fitted states; make instances bottom-up, each with its class
// and state. A pass goes on after a problem, so that one answer names them all; a node is passed
// over once it, or something in it, has failed.
//
// A node's object in the tree is overwritten by what it stands for: when a parent's turn comes, its
// parameters hold its children.
#include "core/pipeline/build.hpp"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/artifact/machine.hpp"
#include "core/concurrently.hpp"
#include "core/factory/base_factory.hpp"
#include "core/factory/container.hpp"
#include "core/loader/plugin_host.hpp"
#include "core/pipeline/config.hpp"
#include "core/pipeline/config_problems.hpp"
#include "core/pipeline/json_document.hpp"
#include "core/pipeline/json_position.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

constexpr char kOriginalsHashes[] =
    "\n  if this config was dumped by the Python original, its hashes pin Python code: remove them "
    "or pin binaries";

class Builder {
 public:
  Builder(const BaseFactory& factory, const BuildOptions& options)
      : factory_(factory), options_(options), problems_(options.source) {}

  ParamValue build(ParamValue root);

 private:
  using ClassKey = std::pair<std::string, std::optional<Hash>>;

  void request_classes(const std::vector<ConfigNode>& nodes);
  void request_states(const std::vector<ConfigNode>& nodes);
  bool may_ask(const ConfigNode& node);
  std::optional<PetClass> class_of(const ConfigNode& node);
  std::optional<PetClass> builtin_of(const ConfigNode& node);
  bool holds_failed(const std::string& pointer) const;
  void make(const ConfigNode& node);
  void make_instance(const ConfigNode& node, const PetClass& clazz);
  void restore(const ConfigNode& node, BasePlugin& instance);
  void fail(const ConfigNode& node) { failed_.insert(node.pointer); }

  const BaseFactory& factory_;
  const BuildOptions& options_;
  ConfigProblems problems_;
  std::map<ClassKey, ClassAnswer> answers_;
  std::map<std::string, std::optional<Binary>> states_;  // by node; nothing: could not be had
  std::set<std::string> failed_;                         // pointers of nodes that stay objects
};

// Whether the node's own words allow to ask the factory for a class.
bool Builder::may_ask(const ConfigNode& node) {
  if (!node.is_valid) return false;
  if (node.hash && !factory_.has_versions()) {
    problems_.add(pointer_to(node.pointer, "version_hash"),
                  Error(ErrorCode::kBadConfig,
                        node.clazz + " is pinned to " + node.hash->short_hex() +
                            ", and the factory of " + factory_.label() +
                            " has no versions: build with a PetFactory, or remove the hash" +
                            kOriginalsHashes,
                        {.class_name = node.clazz, .hash = node.hash->hex(), .key = {}}));
    return false;
  }
  return true;
}

void Builder::request_classes(const std::vector<ConfigNode>& nodes) {
  std::vector<ClassRequest> requests;
  for (const ConfigNode& node : nodes) {
    if (node.builtin || !may_ask(node)) continue;
    if (answers_.try_emplace({node.clazz, node.hash}).second)
      requests.push_back({node.clazz, node.hash});
  }
  if (requests.empty()) return;
  std::vector<ClassAnswer> answers = factory_.prefetch(requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    answers_[{requests[i].name, requests[i].hash}] = std::move(answers[i]);
  }
}

std::optional<PetClass> Builder::class_of(const ConfigNode& node) {
  if (!node.is_valid) return std::nullopt;
  if (node.builtin) return builtin_of(node);
  const auto found = answers_.find({node.clazz, node.hash});
  if (found == answers_.end()) return std::nullopt;  // refused before it was asked for
  if (found->second.clazz) return found->second.clazz;
  try {
    std::rethrow_exception(found->second.error);
  } catch (const Error& error) {
    const bool absent =
        error.code() == ErrorCode::kVersionNotFound || error.code() == ErrorCode::kClassNotFound;
    const std::string hint = node.hash && absent ? kOriginalsHashes : "";
    problems_.add(
        node.pointer,
        Error(error.code(), error.what() + hint,
              {.class_name = error.class_name(), .hash = error.hash(), .key = error.key()}));
  }
  return std::nullopt;
}

std::optional<PetClass> Builder::builtin_of(const ConfigNode& node) {
  const std::optional<PetClass> clazz = factory_.get_builtin(node.clazz);
  if (clazz && clazz->version() == *node.builtin) return clazz;
  const std::string wanted =
      node.clazz + " is pinned to the built-in of version " + shown_text(*node.builtin) + ", and ";
  const Error::Subject subject{.class_name = node.clazz, .hash = {}, .key = {}};
  if (!clazz) {
    problems_.add(node.pointer, Error(ErrorCode::kClassNotFound,
                                      wanted + "no such class is built in here", subject));
  } else {
    problems_.add(
        node.pointer,
        Error(ErrorCode::kVersionNotFound,
              wanted + "this program has version " + shown_text(clazz->version()) +
                  ": run it with a program that has the pinned one, or pin the config again",
              subject));
  }
  return std::nullopt;
}

// All at once: who builds from a storage far away waits once. A node whose class is not to be had
// has its problem already.
void Builder::request_states(const std::vector<ConfigNode>& nodes) {
  std::vector<std::pair<std::string, Hash>> wanted;  // two equal filters have one state
  std::map<std::pair<std::string, Hash>, std::size_t> places;
  for (const ConfigNode& node : nodes) {
    if (!node.state_hash || !node.is_valid) continue;
    if (places.try_emplace({node.clazz, *node.state_hash}, wanted.size()).second) {
      wanted.emplace_back(node.clazz, *node.state_hash);
    }
  }
  std::vector<std::optional<Error>> errors(wanted.size());
  std::vector<std::optional<Binary>> states(wanted.size());
  concurrently(wanted.size(),
               [&](std::size_t i) {
                 try {
                   states[i] = factory_.get_state(wanted[i].first, wanted[i].second);
                 } catch (const Error& error) {
                   errors[i] = error;
                 }
               },
               {.at_most = factory_.fetches_at_once(), .calls_worth = 1});
  for (const ConfigNode& node : nodes) {
    if (!node.state_hash || !node.is_valid) continue;
    const std::size_t place = places.at({node.clazz, *node.state_hash});
    states_[node.pointer] = states[place];
    if (errors[place]) problems_.add(pointer_to(node.pointer, "state_hash"), *errors[place]);
  }
}

// Whether a node inside the one at `pointer` stayed an object.
bool Builder::holds_failed(const std::string& pointer) const {
  const auto next = failed_.lower_bound(pointer + "/");
  return next != failed_.end() && next->starts_with(pointer + "/");
}

void Builder::make(const ConfigNode& node) {
  const std::optional<PetClass> clazz = class_of(node);
  if (!clazz || holds_failed(node.pointer)) return fail(node);
  if (node.is_class) {
    if (node.state_hash) {
      problems_.add(pointer_to(node.pointer, "state_hash"), ErrorCode::kBadConfig,
                    "a class has learned nothing: add \"params\": {} for an instance of it");
      return fail(node);
    }
    *node.place = ParamValue(*clazz);
    return;
  }
  try {
    make_instance(node, *clazz);
  } catch (const Error& error) {
    problems_.add(node.pointer, error);
    fail(node);
  }
}

void Builder::make_instance(const ConfigNode& node, const PetClass& clazz) {
  ParamObject object = std::move(*node.place->if_object());
  ParamObject params = std::move(*object.find("params")->if_object());
  BasePlugin instance = options_.host ? clazz.create(std::move(params), options_.host)
                                      : clazz.create(std::move(params));
  for (const auto& [key, value] : object.fields()) {
    if (key.starts_with('_')) instance.set_attribute(key, value);
  }
  if (node.state_hash) restore(node, instance);
  *node.place = ParamValue(instance);
}

// Throws unless the instance is what was saved.
void Builder::restore(const ConfigNode& node, BasePlugin& instance) {
  const std::optional<Binary>& state = states_.at(node.pointer);
  if (!state) return fail(node);  // its problem was told already
  try {
    instance.load_state(state->view());
  } catch (const Error& error) {
    throw Error(error.code(),
                std::string(error.what()) + "\n  state: " + node.state_hash->hex() +
                    "\n  try: the version of the class that saved it, or fit again and save",
                {.class_name = error.class_name(), .hash = error.hash(), .key = error.key()});
  }
}

ParamValue Builder::build(ParamValue root) {
  Config config = Config::read(std::move(root), Machine::current().platform, problems_);
  request_classes(config.nodes());
  request_states(config.nodes());
  for (const ConfigNode& node : config.nodes()) make(node);
  problems_.throw_if_any();
  return std::move(config.root());
}

BasePlugin require_instance(const ParamValue& value, const std::string& source) {
  if (const BasePlugin* instance = value.if_instance()) return *instance;
  std::string why =
      "expected a node, an object with \"clazz\" and \"params\", found " + shown_value(value);
  if (value.if_class()) {
    why = "the root is the class " + value.as_class().name() +
          " itself: add \"params\": {} for an instance of it";
  } else if (const ParamObject* object = value.if_object()) {
    std::string keys;
    for (const auto& [key, unused] : object->fields()) {
      if (keys.size() < 200) keys += (keys.empty() ? " with " : ", ") + shown_text(key);
    }
    why += keys.empty() ? " without either" : keys;
  }
  throw Error(ErrorCode::kBadConfig, source + ", (root): " + why);
}

BuildOptions completed(BuildOptions options, const Container& container) {
  if (!options.host) options.host = container.host();
  return options;
}

}  // namespace

ParamValue build_value(ParamValue config, const BaseFactory& factory, BuildOptions options) {
  return Builder(factory, options).build(std::move(config));
}

BasePlugin build_from_dump(const ParamObject& config, const BaseFactory& factory,
                           BuildOptions options) {
  return require_instance(build_value(config, factory, options), options.source);
}

BasePlugin build_from_dump(std::string_view json, const BaseFactory& factory,
                           BuildOptions options) {
  return require_instance(
      build_value(parse_json(json, {.source = options.source}), factory, options), options.source);
}

BasePlugin build_from_dump(const ParamObject& config, const Container& container,
                           BuildOptions options) {
  return build_from_dump(config, container.ppif, completed(std::move(options), container));
}

BasePlugin build_from_dump(std::string_view json, const Container& container,
                           BuildOptions options) {
  return build_from_dump(json, container.ppif, completed(std::move(options), container));
}

}  // namespace pet
