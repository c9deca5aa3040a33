// pet::Pipeline: a class that works with other instances, predicts like a filter and scores itself.
//
//   class Chain : public pet::Pipeline<Chain> {
//    public:
//     PET_PARAM(std::vector<pet::FilterChild>, filters, pet::required, "applied in this order");
//     PET_PARAM(std::vector<pet::MetricChild>, metrics, {}, "computed by evaluate");
//
//     pet::XYData predict(const pet::XYData& x) const {
//       pet::XYData data = x.view();
//       for (const auto& filter : filters) data = filter.predict(data);
//       return data;
//     }
//     void evaluate(const pet::XYData& x, const pet::XYData& y_true, const pet::XYData& y_pred,
//                   pet::Scores& scores) const {
//       for (const auto& m : metrics) scores.add(m.class_name(), m.measure(x, y_true, y_pred));
//     }
//   };
//   PET_PLUGIN(Chain)
//
//   predict, fit, validate, PET_STATE                   as for a filter (pet/filter.hpp)
//   void evaluate(x, y_true, y_pred, scores) const      required; as above. [any thread]
//
// A wrapper, such as a cache around one filter, that scores nothing is a pet::Filter with a child.
// A failing child's status and text pass on by themselves.
#pragma once

#include "pet/plugin.hpp"

namespace pet {

template <class T>
class Pipeline : public Plugin<T> {
 public:
  using pet_kind_ = detail::PipelineKind;
};

}  // namespace pet
