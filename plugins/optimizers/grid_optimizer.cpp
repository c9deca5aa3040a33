// GridOptimizer: tries every combination of the values that a pipeline's `_grid`s list, and becomes
//                the best.
//
// Shapes:     those of its pipeline.
// Parameters: scorer, a metric; pipeline, a filter, pipeline or splitter whose tree has `_grid`s. The
//             original lets the pipeline be set later, so null is accepted until it is needed.
// Behaviour:  optimize, and fit likewise, fit a clone of the pipeline for each combination and score
//             what it predicts for the training data, as the original. When the pipeline is a
//             splitter, the score is the mean over its folds instead: what its own pipeline's metric
//             of the scorer's class measured, and the splitter's evaluate gives as F1_mean for F1.
//             A splitter with a seed has the same folds for every combination. Combinations go
//             through the last path of the grid fastest; without a grid there is one, of nothing
//             changed. The best is the highest score, or the lowest when the scorer says so, the
//             first among equals, never NaN while there is a number. It stands fitted on all the
//             data. Trials come out in the order in which they ran.
// Errors:     bad_params without a pipeline, for a path with no values, and for a splitter that gives
//             no mean of the scorer's class or one of other parameters; those of a trial pass on,
//             with the combination in front; not_fitted for predict and evaluate before.
// State:      which combination is best, and the best one's state. It fits a config with the same
//             grid. A combination with instances or classes in it is known by its place in the grid
//             and by the dump of the pipeline that it makes, so the grid's order must be the same.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <pet/optimizer.hpp>
#include <string>
#include <utility>
#include <vector>

#include "plugins/pipelines/stages.hpp"
#include "plugins/splitters/mean_name.hpp"
#include "plugins/value_text.hpp"

namespace pet::plugins {
namespace {

// The combinations of {path: [values]}, as {path: value}; the last path changes fastest.
std::vector<Object> combinations(const Object& grid) {
  std::vector<Object> all{Object()};
  for (const Field& path : grid) {
    const Value::List& values = path.value.as_list();
    if (values.empty()) throw Failure::bad_params("_grid: no values to try for '" + path.key + "'");
    std::vector<Object> longer;
    longer.reserve(all.size() * values.size());
    for (const Object& shorter : all) {
      for (const Value& value : values) {
        longer.push_back(shorter);
        longer.back()[path.key] = value;
      }
    }
    all = std::move(longer);
  }
  return all;
}

bool holds_handles(const Value& value) {
  if (value.type() == PET_TYPE_LIST) {
    const Value::List& items = value.as_list();
    return std::any_of(items.begin(), items.end(), holds_handles);
  }
  if (value.type() == PET_TYPE_OBJECT) {
    const Object& object = value.as_object();
    return std::any_of(object.begin(), object.end(),
                       [](const Field& field) { return holds_handles(field.value); });
  }
  return value.type() == PET_TYPE_INSTANCE || value.type() == PET_TYPE_CLASS;
}

std::string readable(const Value& value) {
  switch (value.type()) {
    case PET_TYPE_BOOL:
      return value.as_bool() ? "true" : "false";
    case PET_TYPE_INT64:
      return std::to_string(value.as_int());
    case PET_TYPE_FLOAT64:
      return std::to_string(value.as_double());
    case PET_TYPE_TEXT:
      return "'" + value.as_text() + "'";
    default:
      return type_name(value.type());
  }
}

std::string readable(const Object& overrides) {
  std::string text;
  for (const Field& field : overrides) {
    text += (text.empty() ? "" : ", ") + field.key + " = " + readable(field.value);
  }
  return text.empty() ? "the pipeline as it is" : text;
}

bool is_better(double score, double best, bool higher_better) {
  if (std::isnan(best)) return !std::isnan(score);
  return higher_better ? score > best : score < best;
}

}  // namespace

class GridOptimizer : public Optimizer<GridOptimizer> {
 public:
  PET_DOC("Tries every combination of a pipeline's grids and becomes the best one.");
  PET_PARAM(MetricChild, scorer, required, "the metric that decides");
  PET_PARAM(std::optional<FilterChild>, pipeline, null,
            "a pipeline, or a splitter around one to score by folds; beside \"params\" a node has "
            "\"_grid\": {\"n_neighbors\": [1, 3]}");

  void optimize(const XYData& x, const XYData& y, Trials& trials) { search(x, y, &trials); }
  void fit(const XYData& x, const XYData& y) { search(x, y, nullptr); }

  XYData predict(const XYData& x) const { return best().predict(x); }

  // The best pipeline's own metrics; of a filter, which has none, the scorer.
  void evaluate(const XYData& x, const XYData& y_true, const XYData& y_pred, Scores& scores) const {
    if (!best().has(PET_PIPELINE_1)) {
      scores.add(scorer.class_name(), scorer.measure(x, y_true, y_pred));
      return;
    }
    for (const Score& score : best_.evaluate(x, y_true, y_pred))
      scores.add(score.name, score.value);
  }

  void save(StateWriter& state) const {
    state.put("is fitted", static_cast<bool>(best_));
    if (!best_) return;
    if (holds_handles(overrides_)) {
      state.put("place", place_);
      state.put("description", text_of(best_.describe()));
    } else {
      state.put("overrides", text_of(overrides_));
    }
    state.put("best", static_cast<const Child&>(best_));
  }

  void load(StateReader& state) {
    if (!state.get<bool>("is fitted")) {
      best_ = OwnedChild();
      return;
    }
    const std::vector<Object> all = combinations(searched().grid());
    const bool by_text = state.has("overrides");
    const std::size_t place = by_text ? place_of(state.get<std::string>("overrides"), all)
                                      : static_cast<std::size_t>(state.get<std::int64_t>("place"));
    OwnedChild restored = place < all.size() ? changed(all[place]) : OwnedChild();
    if (!restored ||
        (!by_text && state.get<std::string>("description") != text_of(restored.describe()))) {
      throw Failure::bad_state("the best combination is not in the grid of " +
                               searched().class_name());
    }
    state.get("best", static_cast<Child&>(restored));
    best_ = std::move(restored);
    overrides_ = all[place];
    place_ = static_cast<std::int64_t>(place);
  }

 private:
  void search(const XYData& x, const XYData& y, Trials* trials) {
    const std::vector<Object> all = combinations(searched().grid());
    if (searched().has(PET_SPLITTER_1)) require_same_scorer();
    OwnedChild best;
    std::size_t best_place = 0;
    double best_score = std::nan("");
    for (std::size_t place = 0; place < all.size(); ++place) {
      host().throw_if_cancelled();
      OwnedChild trial;
      const double score = run(all[place], x, y, trial);
      if (trials != nullptr) trials->add(all[place], score);
      if (best && !is_better(score, best_score, scorer.higher_better())) continue;
      best = std::move(trial);
      best_place = place;
      best_score = score;
    }
    best_ = std::move(best);
    overrides_ = all[best_place];
    place_ = static_cast<std::int64_t>(best_place);
  }

  // Where the combination with this text stands among `all`; beyond them when it does not.
  static std::size_t place_of(const std::string& text, const std::vector<Object>& all) {
    const auto same = [&](const Object& overrides) {
      return !holds_handles(overrides) && text_of(overrides) == text;
    };
    return static_cast<std::size_t>(std::find_if(all.begin(), all.end(), same) - all.begin());
  }

  // A new pipeline with the combination's values. Instances among them are copied too: the grid's
  // own stand in several combinations, each of which fits its own.
  OwnedChild changed(const Object& overrides) const {
    OwnedChild out = searched().clone(overrides);
    return holds_handles(overrides) ? out.clone() : std::move(out);
  }

  double run(const Object& overrides, const XYData& x, const XYData& y, OwnedChild& trial) const {
    try {
      trial = changed(overrides);
      fit_stage(trial, x, y);
      if (trial.has(PET_SPLITTER_1)) return mean_over_folds(trial, x, y);
      return scorer.measure(x, y, trial.predict(x));
    } catch (const Failure& failure) {
      throw Failure(failure.status(), "with " + readable(overrides) + ": " + failure.what());
    }
  }

  double mean_over_folds(const OwnedChild& splitter, const XYData& x, const XYData& y) const {
    // Only the folds' scores are read, so the labels stand in for a prediction, which would cost as
    // much as those of all folds.
    const std::string name = mean_name(scorer.class_name());
    for (const Score& score :
         y ? splitter.evaluate(x, y, y) : splitter.evaluate(x, y, splitter.predict(x))) {
      if (score.name == name) return score.value;
    }
    throw Failure::bad_params("scorer: expected one of the metrics of the pipeline in " +
                              splitter.class_name() + ", got " + scorer.class_name() +
                              ": add it to them");
  }

  // The splitter's pipeline measures, so its metric should be what the scorer is.
  void require_same_scorer() const {
    const std::string tree = text_of(searched().describe());
    std::string node = text_of(Object{{"clazz", scorer.class_name()}});
    node.pop_back();  // the closing bracket: how every node of the class begins
    if (tree.find(node) == std::string::npos) return;
    if (tree.find(text_of(scorer.describe())) != std::string::npos) return;
    throw Failure::bad_params("scorer: expected " + scorer.class_name() +
                              " as it stands in the pipeline's metrics, got one of other "
                              "parameters or of another version");
  }

  const FilterChild& searched() const {
    if (pipeline) return *pipeline;
    throw Failure::bad_params("pipeline: expected a filter or pipeline to search, got null");
  }

  const OwnedChild& best() const {
    if (best_) return best_;
    throw Failure::not_fitted("predict before optimize or fit: no best pipeline is known yet");
  }

  OwnedChild best_;
  Object overrides_;        // of best_
  std::int64_t place_ = 0;  // of overrides_ among the combinations
};

PET_PLUGIN(GridOptimizer, "1")

}  // namespace pet::plugins
