// LocalThreadPipeline: MonoPipeline on the host's threads. Filters side by side on the same x, each
//                      fitted and asked at the same time as others; their outputs stand next to
//                      each other, as columns.
//
// Shapes:     as MonoPipeline's: predict x [n, …] -> [n, sum of columns]; a 1-D output is one
//             column. Outputs of one type keep it; of integers only, the result is int64; otherwise
//             float64. The answer is MonoPipeline's to the last bit, however many threads there are.
// Parameters: filters, at least one, instances; no instance stands twice among them or below two of
//             them, since it would be fitted by two threads. num_threads: how many of the filters
//             work at once, at most. The host may have fewer threads; what a filter does on threads
//             by itself is not counted.
// Behaviour:  every filter is fitted on the x given to the pipeline; those that learn nothing are
//             passed over. Once one has failed, no further one is begun. There are no metrics, as in
//             the original: evaluate gives no scores.
// Errors:     bad_params without filters, for num_threads below 1 and for one instance twice;
//             bad_input, naming the filter, for outputs of other than 1 or 2 dimensions and of
//             different numbers of rows. Of the filters that fail, the first one's error passes on,
//             with its place in front.
// State:      that of its filters, by their place.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <pet/pipeline.hpp>
#include <string>
#include <vector>

#include "plugins/pipelines/joined_columns.hpp"
#include "plugins/pipelines/stages.hpp"

namespace pet::plugins {

class LocalThreadPipeline : public Pipeline<LocalThreadPipeline> {
 public:
  PET_DOC(
      "Applies filters side by side, on threads, and joins their outputs as columns. Has no "
      "metrics.");
  PET_PARAM(std::vector<FilterChild>, filters, required, "each sees the data as given");
  PET_PARAM(std::int64_t, num_threads, 4, "how many filters work at once, at most");

  void validate() const {
    if (filters.empty()) throw Failure::bad_params("filters: expected at least one, got none");
    if (num_threads < 1) {
      throw Failure::bad_params("num_threads: expected at least 1, got " +
                                std::to_string(num_threads));
    }
    for (auto filter = filters.begin(); filter != filters.end(); ++filter) {
      const auto twin = std::find_if(filters.begin(), filter, [&](const FilterChild& other) {
        return other.get() == filter->get();
      });
      if (twin != filter) {
        throw Failure::bad_params(place_of(filter - filters.begin()) + ": expected an instance " +
                                  "of its own, since each is fitted on a thread of its own, got " +
                                  "the one at " + place_of(twin - filters.begin()));
      }
    }
  }

  void fit(const XYData& x, const XYData& y) {
    const Failures failures = for_each_filter([&](std::size_t i) { fit_stage(filters[i], x, y); });
    for (const std::optional<Failure>& failure : failures) {
      if (failure) throw *failure;
    }
  }

  XYData predict(const XYData& x) const {
    std::vector<XYData> parts(filters.size());
    const Failures failures =
        for_each_filter([&](std::size_t i) { parts[i] = filters[i].predict(x); });
    for (std::size_t i = 0; i < filters.size(); ++i) {
      if (failures[i]) throw Failure(*failures[i]);
      require_joinable(filters, i, parts.front(), parts[i]);
    }
    unify_types(parts);
    return concat_columns(parts);
  }

  void evaluate(const XYData&, const XYData&, const XYData&, Scores&) const {}

  void save(StateWriter& state) const { state.put("filters", filters); }
  void load(StateReader& state) { state.get("filters", filters); }

 private:
  using Failures = std::vector<std::optional<Failure>>;  // of the filters, by place

  static std::string place_of(std::ptrdiff_t place) { return "filters/" + std::to_string(place); }

  // Calls body(place) for every filter, at most num_threads at once. They are begun in their order,
  // so that whatever the threads do, all before the first that fails have been run.
  template <class Body>
  Failures for_each_filter(Body&& body) const {
    Failures failures(filters.size());
    std::atomic<std::size_t> next{0};
    std::atomic<bool> failed{false};
    const auto work = [&](std::uint64_t) {
      while (!failed) {
        const std::size_t i = next++;
        if (i >= filters.size()) return;
        try {
          body(i);
        } catch (const Failure& failure) {
          failed = true;
          const auto place = static_cast<std::ptrdiff_t>(i);
          failures[i].emplace(failure.status(), place_of(place) + ": " + failure.what());
        }
      }
    };
    const auto at_once = static_cast<std::uint64_t>(num_threads);
    host().parallel_for(std::min<std::uint64_t>(at_once, filters.size()), work);
    return failures;
  }
};

PET_PLUGIN(LocalThreadPipeline, "1")

}  // namespace pet::plugins
