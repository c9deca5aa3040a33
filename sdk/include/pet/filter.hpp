// pet::Filter: a class that turns data into data, and may learn from data first.
//
//   class MyFilter : public pet::Filter<MyFilter> {
//    public:
//     PET_DOC("multiplies every value");
//     PET_PARAM(double, factor, 2.0, "what every value is multiplied with");
//
//     pet::XYData predict(const pet::XYData& x) const {
//       pet::XYData y = like(x);
//       double* out = y.data<double>();
//       for (const double value : x.elements<double>()) *out++ = factor * value;
//       return y;
//     }
//   };
//   PET_PLUGIN(MyFilter)
//
//   pet::XYData predict(const pet::XYData& x) const     required. [any thread]
//   void fit(const pet::XYData& x)                      optional, one of the two; y is nothing when
//   void fit(const pet::XYData& x, const pet::XYData& y)  there are no labels. [exclusive]
//   void validate() const                               optional: throw pet::Failure::bad_params(…)
//                                                       when the parameters do not go together
//   PET_STATE(…)                                        optional: what fit learned (pet/state.hpp)
//   static constexpr bool kClusters = true              optional: predict gives numbers of clusters,
//                                                       which are no labels of y: a host that knows
//                                                       labels as texts leaves them as they are
//
// Lifetime: inputs are borrowed for the call. Throws: anything; it arrives as a status and a text.
#pragma once

#include "pet/plugin.hpp"

namespace pet {

template <class T>
class Filter : public Plugin<T> {
 public:
  using pet_kind_ = detail::FilterKind;
};

}  // namespace pet
