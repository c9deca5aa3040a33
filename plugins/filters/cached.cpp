// Cached: keeps what a filter learned and predicted, and takes both from there the next time.
//
// Shapes:     those of its filter.
// Parameters: filter; cache_data keeps predictions; cache_filter keeps what fit learned, of a
//             filter that can save its state; overwrite computes anew and replaces what is kept.
//             storage is the original's: here everything goes to the host's blobs, and only null is
//             accepted.
// Keys:       content hashes of the filter's dump (class, binary hash, parameters), and of the grids
//             in its tree, with, for a fit, x and y, and for a prediction, the filter's state and x.
//             So a filter that was restored or fitted elsewhere finds its own results. A compiled-in
//             class has no binary hash; its version stands in the dump instead. A filter with a
//             class, at any depth, that has neither, one with a class itself in a grid, or one that
//             learns but cannot save its state, is not identified by anything: it is only passed
//             through.
// Behaviour:  a kept entry that is damaged is reported to the host's log, computed anew and
//             replaced. A host without blobs keeps nothing, and says so in its log.
// Errors:     not_trainable for fit around a filter that learns nothing; those of its filter pass
//             on.
// State:      its filter's.
#include <algorithm>
#include <optional>
#include <pet/filter.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/value_text.hpp"

namespace pet::plugins {

class Cached : public Filter<Cached> {
 public:
  PET_DOC("Keeps what a filter learned and predicted, by content (petctl: in CACHE/blobs).");
  PET_PARAM(FilterChild, filter, required, "whose work is kept");
  PET_PARAM(bool, cache_data, true, "keep predictions");
  PET_PARAM(bool, cache_filter, true, "keep what fit learned");
  PET_PARAM(bool, overwrite, false, "compute anew and replace what is kept");
  PET_PARAM(Value, storage, null, "null: the host's blobs");

  void validate() const {
    if (storage.is_null()) return;
    throw Failure::unsupported(std::string("storage: expected null (the host's blobs), got ") +
                               type_name(storage.type()));
  }

  void fit(const XYData& x, const XYData& y) {
    if (!filter.has_fit()) throw Failure::not_trainable(filter.class_name() + " learns nothing");
    if (!cache_filter || !filter.has(PET_STATE_1) || !has_blobs()) {
      filter.fit(x, y);
      return;
    }
    const std::optional<std::string> identity = identity_of_filter();
    if (!identity) {
      filter.fit(x, y);
      return;
    }
    const std::string key =
        "cached-model-" + host().digest({"pet.cached.model/1", *identity, host().digest(x),
                                         y ? host().digest(y) : ""});
    if (!overwrite && restore_filter(key)) return;
    filter.fit(x, y);
    if (const std::optional<std::string> state = state_of_filter()) host().put_blob(key, *state);
  }

  XYData predict(const XYData& x) const {
    if (!cache_data || (filter.has_fit() && !filter.has(PET_STATE_1)) || !has_blobs()) {
      return filter.predict(x);
    }
    const std::optional<std::string> identity = identity_of_filter();
    if (!identity) return filter.predict(x);
    const std::optional<std::string> learned = state_of_filter();
    if (!learned) return filter.predict(x);
    const std::string key =
        "cached-data-" + host().digest({"pet.cached.data/1", *identity, host().digest({*learned}),
                                        host().digest(x)});
    if (!overwrite) {
      if (std::optional<XYData> kept = kept_data(key)) return std::move(*kept);
    }
    XYData out = filter.predict(x);
    StateWriter writer(kRecord, 1);
    writer.put("y", out);
    host().put_blob(key, writer.finish());
    return out;
  }

  void save(StateWriter& state) const { state.put("filter", filter); }
  void load(StateReader& state) { state.get("filter", filter); }

 private:
  static constexpr std::string_view kRecord = "Cached";

  bool has_blobs() const {
    if (host().has(PET_HOST_BLOBS_1)) return true;
    host().warning("Cached keeps nothing: this host has no blob storage");
    return false;
  }

  // The filter's state, empty when it has none; nothing when what it holds cannot save its own.
  std::optional<std::string> state_of_filter() const {
    if (!filter.has(PET_STATE_1)) return std::string();
    try {
      return filter.save_state();
    } catch (const Failure& failure) {
      if (failure.status() != PET_UNSUPPORTED) throw;
      host().warning(std::string("Cached keeps nothing: ") + failure.what());
      return std::nullopt;
    }
  }

  // Differs between filters that may answer differently when they have learned the same; nothing
  // when that cannot be known. A dump has no grids, and what an optimizer learns depends on them.
  std::optional<std::string> identity_of_filter() const {
    const Value description = filter.describe();
    if (!is_identified(description)) return std::nullopt;
    Value grid = filter.grid();
    if (grid.as_object().empty()) return text_of(description);
    if (!describe_all(grid) || !is_identified(grid)) return std::nullopt;
    return text_of(Object{{"filter", description}, {"grid", grid}});
  }

  // Puts descriptions in the place of instances; false when there is a class, which has none.
  bool describe_all(Value& value) const {
    const auto describe_one = [this](Value& item) { return describe_all(item); };
    switch (value.type()) {
      case PET_TYPE_LIST:
        return std::all_of(value.as_list().begin(), value.as_list().end(), describe_one);
      case PET_TYPE_OBJECT: {
        Object& object = value.as_object();
        return std::all_of(object.begin(), object.end(),
                           [this](Field& field) { return describe_all(field.value); });
      }
      case PET_TYPE_INSTANCE: {
        const Child child(host(), value.as_instance());
        Value grid = child.grid();
        if (!describe_all(grid)) return false;
        value = Value::List{child.describe(), grid};
        return true;
      }
      default:
        return value.type() != PET_TYPE_CLASS;
    }
  }

  // Whether every class in a description has a hash or a version. An object that only looks like a
  // node, as a parameter may, costs no more than the cache.
  static bool is_identified(const Value& value) {
    if (value.type() == PET_TYPE_LIST) {
      const Value::List& items = value.as_list();
      return std::all_of(items.begin(), items.end(), is_identified);
    }
    if (value.type() != PET_TYPE_OBJECT) return true;
    const Object& object = value.as_object();
    const Value* hash = object.find("version_hash");
    if (hash != nullptr && hash->is_null() && !object.contains("builtin")) return false;
    return std::all_of(object.begin(), object.end(),
                       [](const Field& field) { return is_identified(field.value); });
  }

  bool restore_filter(const std::string& key) {
    const std::optional<std::string> bytes = host().get_blob(key);
    if (!bytes) return false;
    try {
      filter.load_state(*bytes);
      return true;
    } catch (const Failure& failure) {
      report_damage(key, failure);
      return false;
    }
  }

  std::optional<XYData> kept_data(const std::string& key) const {
    const std::optional<std::string> bytes = host().get_blob(key);
    if (!bytes) return std::nullopt;
    try {
      return StateReader(kRecord, 1, *bytes).get<XYData>("y");
    } catch (const Failure& failure) {
      report_damage(key, failure);
      return std::nullopt;
    }
  }

  // Damage is the one failure to recover from: the entry can be made again.
  void report_damage(const std::string& key, const Failure& failure) const {
    if (failure.status() != PET_BAD_STATE) throw;
    host().warning("Cached computes " + key + " anew: " + failure.what());
  }
};

PET_PLUGIN(Cached, "1")

}  // namespace pet::plugins
