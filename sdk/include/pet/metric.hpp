// pet::Metric: a class that says how good a prediction is.
//
//   class Accuracy : public pet::Metric<Accuracy> {
//    public:
//     static constexpr bool kHigherBetter = true;
//     double measure(const pet::XYData& y_true, const pet::XYData& y_pred) const { … }
//   };
//   PET_PLUGIN(Accuracy)
//
//   static constexpr bool kHigherBetter      required: which of two values is the better one
//   double measure(y_true, y_pred) const     required, one of the two; every argument is a const
//                                            pet::XYData&;
//   double measure(x, y_true, y_pred) const  x and y_true are nothing when the caller has none.
//                                            [any thread]
//   void validate() const                    optional, as for a filter
#pragma once

#include "pet/plugin.hpp"

namespace pet {

template <class T>
class Metric : public Plugin<T> {
 public:
  using pet_kind_ = detail::MetricKind;
};

}  // namespace pet
