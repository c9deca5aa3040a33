// F3Pipeline: filters one after the other, each fitted on the output of those before it.
//
// Shapes:     those of its filters. Without filters the data pass through unchanged.
// Parameters: filters and metrics, instances; log reports every stage to the host's log. overwrite
//             and store are the original's, which does nothing with them either; they are kept so
//             that its dumps rebuild and dump back the same. To keep results, wrap a filter in
//             Cached.
// Behaviour:  fit passes over filters that learn nothing; evaluate gives every metric under its
//             class's name, the last one of a name, as the original's dict.
// Errors:     those of its filters and metrics pass on unchanged.
// State:      that of its filters, by their place.
#include <pet/pipeline.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/pipelines/stages.hpp"

namespace pet::plugins {

class F3Pipeline : public Pipeline<F3Pipeline> {
 public:
  PET_DOC("Applies filters one after the other; each is fitted on the output of those before it.");
  PET_PARAM(std::vector<FilterChild>, filters, required, "applied in this order");
  PET_PARAM(std::vector<MetricChild>, metrics, {}, "what evaluate measures");
  PET_PARAM(bool, overwrite, false, "kept for the original's dumps; without effect, as there");
  PET_PARAM(bool, store, false, "kept for the original's dumps; without effect, as there");
  PET_PARAM(bool, log, false, "report every stage to the host's log");

  void fit(const XYData& x, const XYData& y) {
    XYData data = x.view();
    for (std::size_t i = 0; i < filters.size(); ++i) {
      report("fits", i);
      const bool trained = fit_stage(filters[i], data, y);
      if (!trained) report("passes over", i);
      if (i + 1 < filters.size()) data = filters[i].predict(data);
    }
  }

  XYData predict(const XYData& x) const {
    if (filters.empty()) return copy_of(x);
    report("predicts with", 0);
    XYData data = filters[0].predict(x);
    for (std::size_t i = 1; i < filters.size(); ++i) {
      report("predicts with", i);
      data = filters[i].predict(data);
    }
    return data;
  }

  void evaluate(const XYData& x, const XYData& y_true, const XYData& y_pred, Scores& scores) const {
    evaluate_all(metrics, x, y_true, y_pred, scores);
  }

  void save(StateWriter& state) const { state.put("filters", filters); }
  void load(StateReader& state) { state.get("filters", filters); }

 private:
  XYData copy_of(const XYData& x) const {
    XYData out = like(x);
    x.copy_to(out.raw_data());
    return out;
  }

  void report(std::string_view what, std::size_t stage) const {
    if (!log) return;
    host().info("F3Pipeline " + std::string(what) + " filters/" + std::to_string(stage) + " " +
                filters[stage].class_name());
  }
};

PET_PLUGIN(F3Pipeline, "1")

}  // namespace pet::plugins
