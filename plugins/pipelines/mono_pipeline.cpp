// MonoPipeline: filters side by side on the same x; their outputs stand next to each other, as
//               columns.
//
// Shapes:     predict x [n, …] -> [n, sum of columns]; a 1-D output is one column. Outputs of one
//             type keep it; of integers only, the result is int64; otherwise float64.
// Parameters: filters, at least one, and metrics, instances.
// Behaviour:  every filter is fitted on the x given to the pipeline; those that learn nothing are
//             passed over.
// Errors:     bad_params without filters; bad_input, naming the filter, for outputs of other than 1
//             or 2 dimensions and of different numbers of rows; those of its filters and metrics
//             pass on.
// State:      that of its filters, by their place.
#include <pet/pipeline.hpp>
#include <vector>

#include "plugins/pipelines/joined_columns.hpp"
#include "plugins/pipelines/stages.hpp"

namespace pet::plugins {

class MonoPipeline : public Pipeline<MonoPipeline> {
 public:
  PET_DOC("Applies filters side by side on the same data and joins their outputs as columns.");
  PET_PARAM(std::vector<FilterChild>, filters, required, "each sees the data as given");
  PET_PARAM(std::vector<MetricChild>, metrics, {}, "what evaluate measures");

  void validate() const {
    if (filters.empty()) throw Failure::bad_params("filters: expected at least one, got none");
  }

  void fit(const XYData& x, const XYData& y) {
    for (FilterChild& filter : filters) fit_stage(filter, x, y);
  }

  XYData predict(const XYData& x) const {
    std::vector<XYData> parts;
    for (std::size_t i = 0; i < filters.size(); ++i) {
      parts.push_back(filters[i].predict(x));
      require_joinable(filters, i, parts.front(), parts.back());
    }
    unify_types(parts);
    return concat_columns(parts);
  }

  void evaluate(const XYData& x, const XYData& y_true, const XYData& y_pred, Scores& scores) const {
    evaluate_all(metrics, x, y_true, y_pred, scores);
  }

  void save(StateWriter& state) const { state.put("filters", filters); }
  void load(StateReader& state) { state.get("filters", filters); }
};

PET_PLUGIN(MonoPipeline, "1")

}  // namespace pet::plugins
