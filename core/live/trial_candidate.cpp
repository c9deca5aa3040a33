#include "core/live/trial_candidate.hpp"

#include <algorithm>
#include <exception>
#include <span>

#include "core/artifact/machine.hpp"
#include "core/live/state_loss.hpp"
#include "core/pipeline/build.hpp"
#include "core/pipeline/config.hpp"
#include "core/pipeline/config_problems.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/error.hpp"

namespace pet::trial {
namespace {

constexpr char kSource[] = "the candidate";

// What was loaded already, so that building loads nothing.
class LoadedClasses : public BaseFactory {
 public:
  using Table = std::map<std::pair<std::string, std::optional<Hash>>, PetClass>;

  LoadedClasses(const Table& table, const BaseFactory& factory)
      : table_(table), factory_(factory) {}

  bool has_versions() const noexcept override { return true; }
  std::optional<PetClass> get_builtin(std::string_view name) const override {
    return factory_.get_builtin(name);
  }
  std::vector<ClassAnswer> prefetch(std::span<const ClassRequest> requests) const override {
    std::vector<ClassAnswer> answers;
    for (const ClassRequest& request : requests) {
      answers.push_back({.clazz = table_.at({request.name, request.hash})});
    }
    return answers;
  }

 private:
  const Table& table_;
  const BaseFactory& factory_;
};

std::string unescaped(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    out += !escape ? token[i] : token[i + 1] == '1' ? '/' : '~';
    i += escape ? 1 : 0;
  }
  return out;
}

// What stands at a JSON pointer of the config, in the pipeline that was built from it.
class Place {
 public:
  Place(const BasePlugin& pipeline, std::string_view pointer) : instance_(&pipeline) {
    while (!pointer.empty()) {
      pointer.remove_prefix(1);
      const std::size_t end = std::min(pointer.find('/'), pointer.size());
      step(unescaped(pointer.substr(0, end)));
      pointer.remove_prefix(end);
    }
  }
  const BasePlugin* instance() const {
    return value_ == nullptr ? instance_ : value_->if_instance();
  }

 private:
  void step(const std::string& token) {
    if (in_params_) {
      value_ = instance_->params().find(token);
      in_params_ = false;
    } else if (const BasePlugin* const here = instance()) {
      instance_ = here;
      in_params_ = token == "params";
      value_ = in_params_ ? nullptr : here->attributes().find(token);
    } else if (value_ != nullptr && value_->if_object() != nullptr) {
      value_ = value_->if_object()->find(token);
    } else if (value_ != nullptr && value_->if_list() != nullptr) {
      const std::size_t index = std::stoul(token);
      value_ = index < value_->if_list()->size() ? &(*value_->if_list())[index] : nullptr;
    }
  }

  const BasePlugin* instance_;
  const ParamValue* value_ = nullptr;  // below the instance; null: the instance itself
  bool in_params_ = false;
};

// Calls f(instance) for the topmost instances that save a state; it holds their children's.
template <class F>
void for_each_saving(const ParamValue& value, const F& f) {
  if (const BasePlugin* const instance = value.if_instance()) {
    if (instance->has("state")) return f(*instance);
    for (const auto& [key, field] : instance->params().fields()) for_each_saving(field, f);
  } else if (const ParamObject* const object = value.if_object()) {
    for (const auto& [key, field] : object->fields()) for_each_saving(field, f);
  } else if (const ParamList* const list = value.if_list()) {
    for (const ParamValue& item : *list) for_each_saving(item, f);
  }
}

std::string where_they_differ(const std::string& first, const std::string& second) {
  const auto place = std::mismatch(first.begin(), first.end(), second.begin(), second.end()).first;
  return "expected the same bytes, got " + std::to_string(first.size()) + " and then " +
         std::to_string(second.size()) + ", the first different one at " +
         std::to_string(place - first.begin());
}

std::string label_of(const PetClass& clazz) {
  return clazz.hash() ? clazz.name() + " " + clazz.hash()->short_hex() : clazz.name();
}

[[noreturn]] void refuse_state(const PetClass& clazz, const std::string& why) {
  throw Error(
      ErrorCode::kPluginError, label_of(clazz) + why,
      {.class_name = clazz.name(), .hash = clazz.hash() ? clazz.hash()->hex() : "", .key = {}});
}

// What it saves. `second` is another instance like the first.
std::string check_export(const BasePlugin& instance, BasePlugin& second) {
  std::string saved = instance.save_state();
  second.load_state(saved);
  const std::string again = second.save_state();
  if (again == saved) return saved;
  const std::string twice = instance.save_state();
  if (twice != saved) {
    refuse_state(instance.get_class(),
                 " saves its state in other bytes each time: " + where_they_differ(saved, twice) +
                     "\n  try: save the same fields in the same order, and neither addresses nor "
                     "times");
  }
  refuse_state(instance.get_class(),
               " does not load all of what it saves: saved, loaded and saved again, " +
                   where_they_differ(saved, again) +
                   "\n  try: declare every field with PET_STATE, or load in load() what save() "
                   "wrote");
}

void require_kept(const BasePlugin& instance, const std::string& imported,
                  const std::string& saved) {
  const std::optional<std::string> lost = lost_field(imported, saved);
  if (!lost) return;
  refuse_state(instance.get_class(),
               " does not keep what it imported: expected '" + *lost +
                   "' as it was, of the same schema\n  try: load it, or raise kStateSchema where "
                   "the state has another meaning");
}

}  // namespace

void Candidate::load() {
  ConfigProblems problems(kSource);
  Config config =
      Config::read(parse_json(config_, {.source = kSource}), Machine::current().platform, problems);
  problems.throw_if_any();
  std::vector<ClassRequest> requests;
  for (const ConfigNode& node : config.nodes()) {
    if (!node.builtin) requests.push_back({node.clazz, node.hash});
    if (!node.state_hash) continue;
    learned_.push_back({node.pointer, node.clazz, *node.state_hash});
    node.place->if_object()->erase("state_hash");
  }
  tree_ = std::move(config.root());
  const std::vector<ClassAnswer> answers = container_.ppif.prefetch(requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!answers[i].clazz) std::rethrow_exception(answers[i].error);
    classes_.insert_or_assign({requests[i].name, requests[i].hash}, *answers[i].clazz);
  }
}

void Candidate::construct() {
  const LoadedClasses loaded(classes_, container_.ppif);
  const BuildOptions options{.source = kSource, .host = container_.host()};
  const ParamValue built = build_value(std::move(tree_), loaded, options);
  pipeline_ = built.as_instance();
}

void Candidate::import_states() {
  for (const Learned& learned : learned_) {
    const Binary state = container_.ppif.get_state(learned.clazz, learned.state);
    const BasePlugin* const found = Place(*pipeline_, learned.pointer).instance();
    if (found == nullptr) {
      throw Error(ErrorCode::kBadConfig,
                  std::string(kSource) + ", " + learned.pointer +
                      "/state_hash: expected an instance, which has learned");
    }
    BasePlugin instance = *found;  // a handle
    instance.load_state(state.view());
    imported_.push_back({std::move(instance), std::string(state.view())});
  }
}

void Candidate::check_exports() {
  for_each_saving(ParamValue(*pipeline_), [this](const BasePlugin& instance) {
    const auto imported =
        std::find_if(imported_.begin(), imported_.end(),
                     [&](const Imported& other) { return other.instance.same_instance(instance); });
    try {
      seconds_.push_back(instance.clone());
      const std::string saved = check_export(instance, seconds_.back());
      if (imported != imported_.end()) require_kept(instance, imported->bytes, saved);
    } catch (const Error&) {
      // Who has learned nothing may have nothing to save, and say so.
      if (imported != imported_.end()) throw;
    }
  });
}

void Candidate::destroy() {
  imported_.clear();
  seconds_.clear();
  pipeline_.reset();
  classes_.clear();
}

}  // namespace pet::trial
