// pet::Optimizer: a class that searches the best parameters of another, and then predicts as the
// best one found.
//
//   class Search : public pet::Optimizer<Search> {
//    public:
//     PET_PARAM(pet::PipelineChild, pipeline, pet::required, "whose parameters are searched");
//     PET_PARAM(pet::MetricChild, metric, pet::required, "what decides");
//
//     void optimize(const pet::XYData& x, const pet::XYData& y, pet::Trials& trials) {
//       for (const pet::Object& overrides : candidates(pipeline.grid())) {
//         pet::OwnedChild trial = pipeline.clone(overrides);
//         trial.fit(x, y);
//         trials.add(overrides, metric.measure(x, y, trial.predict(x)));
//         …
//       }
//     }
//     pet::XYData predict(const pet::XYData& x) const { return best_.predict(x); }
//   };
//   PET_PLUGIN(Search)
//
//   void optimize(x, y, trials)                required. [exclusive]
//   predict, fit, evaluate, validate           optional, as for a pipeline
#pragma once

#include "pet/plugin.hpp"

namespace pet {

template <class T>
class Optimizer : public Plugin<T> {
 public:
  using pet_kind_ = detail::OptimizerKind;
};

}  // namespace pet
