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
#include <string>
#include <type_traits>
#include <vector>

#include "plugins/pipelines/stages.hpp"

namespace pet::plugins {
namespace {

// The element type of data of all these types side by side.
pet_dtype common_dtype(const std::vector<XYData>& parts) {
  bool same = true;
  bool integers = true;
  for (const XYData& part : parts) {
    same = same && same_dtype(part.dtype(), parts[0].dtype());
    integers = integers && part.dtype().code != PET_DTYPE_FLOAT;
  }
  if (same) return parts[0].dtype();
  return integers ? dtype_of<std::int64_t>() : dtype_of<double>();
}

XYData converted(const XYData& from, pet_dtype dtype) {
  XYData out = XYData::empty(dtype, from.shape());
  out.visit([&](auto to) {
    using To = decltype(to);
    const std::vector<To> values = from.converted<To>();
    std::copy(values.begin(), values.end(), out.data<To>());
  });
  return out;
}

}  // namespace

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
    for (const FilterChild& filter : filters) {
      parts.push_back(filter.predict(x));
      require_joinable(filter, parts.front(), parts.back());
    }
    const pet_dtype dtype = common_dtype(parts);
    for (XYData& part : parts) {
      if (!same_dtype(part.dtype(), dtype)) part = converted(part, dtype);
    }
    return concat_columns(parts);
  }

  void evaluate(const XYData& x, const XYData& y_true, const XYData& y_pred, Scores& scores) const {
    evaluate_all(metrics, x, y_true, y_pred, scores);
  }

  void save(StateWriter& state) const { state.put("filters", filters); }
  void load(StateReader& state) { state.get("filters", filters); }

 private:
  static void require_joinable(const FilterChild& filter, const XYData& first,
                               const XYData& output) {
    if (output.ndim() >= 1 && output.ndim() <= 2 && output.rows() == first.rows()) return;
    throw Failure::bad_input("filters: expected " + std::to_string(first.rows()) +
                             " rows in 1 or 2 dimensions to join as columns, got " +
                             output.describe() + " from " + filter.class_name());
  }
};

PET_PLUGIN(MonoPipeline, "1")

}  // namespace pet::plugins
