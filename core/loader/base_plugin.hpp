// BasePlugin: a live instance of a class, whatever its kind. A copyable, counted handle.
//
//   pet::BasePlugin pipeline = pet::build_from_dump(config, container.ppif);
//   pipeline.fit(x_train, y_train);
//   pet::XYData y = pipeline.predict(x);
//   for (auto& [name, value] : pipeline.evaluate(x, y_true, y)) …
//
// Lifetime: keeps its class, its library and its children alive. The instance dies with its last
//           handle, parents before their children.
// Threads:  predict, measure, evaluate, split, save_state and item_dump may be called from many
//           threads at once. fit, optimize, set and load_state are exclusive: no other call on this
//           instance or on one that holds it meanwhile. A child may have several parents: then what
//           is exclusive on one of them is exclusive on all.
// Errors:   what the class throws arrives as kPluginError (or kNotTrainable, kBadParams) naming
//           class, hash and method. Asking for an ability that the class lacks is kUsage, fit
//           kNotTrainable.
#pragma once

#include <cstdint>
#include <memory>
#include <pet/xydata.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/loader/param_value.hpp"
#include "core/loader/pet_class.hpp"

namespace pet {

class BasePlugin {
 public:
  // Nested, since authors know types of these names too (pet/child.hpp).
  using Scores = std::vector<std::pair<std::string, double>>;
  struct Fold {
    std::vector<std::int64_t> train;
    std::vector<std::int64_t> test;
  };
  struct Trial {
    ParamObject overrides;
    double score = 0;
  };

  const PetClass& get_class() const noexcept;
  const ParamObject& params() const noexcept;  // as created or set, defaults filled in
  bool has(std::string_view ability) const noexcept { return get_class().has(ability); }

  XYData predict(const XYData& x) const;
  void fit(const XYData& x);
  void fit(const XYData& x, const XYData& y);

  // Metrics. Any of x and y_true may be null where the metric does not look at it.
  double measure(const XYData* x, const XYData* y_true, const XYData& y_pred) const;
  bool higher_better() const;

  // Pipelines: every metric's name and value.
  Scores evaluate(const XYData& x, const XYData& y_true, const XYData& y_pred) const;

  std::vector<Fold> split(const XYData& x, const XYData* y) const;  // splitters
  std::vector<Trial> optimize(const XYData& x, const XYData* y);    // optimizers

  // What fit learned, as bytes of the class's own state schema.
  std::string save_state() const;
  void load_state(std::string_view bytes);

  // Changes a parameter that the class declared tunable; kBadParams otherwise.
  void set(std::string_view name, ParamValue value);

  // {"clazz", "version_hash", "params"}: version_hash is the hash of the binary that this instance
  // came from (null when compiled in). Children and classes are dumped the same way, at any depth.
  // `include` names private attributes ("_grid") to write beside params at every node that has
  // them.
  ParamObject item_dump(std::span<const std::string> include = {}) const;

  // Private attributes: read from a config, dumped on request; the class itself does not see them.
  const ParamObject& attributes() const noexcept;
  void set_attribute(std::string name, ParamValue value);  // kUsage unless the name begins with '_'

  // A new, unfitted instance like this one. Overrides name parameters from here down:
  // {"n_neighbors": 3}, {"filters/1/n_neighbors": 3}. An unknown path is kBadParams.
  BasePlugin clone(const ParamObject& overrides = {}) const;

  // An interface table of the instance's class and the instance itself, for core's own adapters.
  const void* query(const char* interface_id) const noexcept;

  // Equal when class, hash and parameters are equal. same_instance tells identity, copies of one
  // handle.
  friend bool operator==(const BasePlugin&, const BasePlugin&);
  bool same_instance(const BasePlugin& other) const noexcept { return record_ == other.record_; }

  struct Record;
  const std::shared_ptr<Record>& record() const noexcept { return record_; }

 private:
  friend class PetClass;
  explicit BasePlugin(std::shared_ptr<Record> record) : record_(std::move(record)) {}
  std::shared_ptr<Record> record_;
};

}  // namespace pet
