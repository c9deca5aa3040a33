// pet::Splitter: a class that divides rows into training and test parts.
//
//   class Halves : public pet::Splitter<Halves> {
//    public:
//     void split(const pet::XYData& x, const pet::XYData& y, pet::Folds& folds) const {
//       …
//       folds.add(train_rows, test_rows);      // std::vector<std::int64_t> each; copied
//     }
//   };
//   PET_PLUGIN(Halves)
//
//   void split(x, y, folds) const              required; y is nothing when there are no labels.
//                                              [any thread]
//   predict, fit, evaluate, validate           optional, as for a pipeline: a splitter around a
//                                              pipeline cross-validates it
#pragma once

#include "pet/plugin.hpp"

namespace pet {

template <class T>
class Splitter : public Plugin<T> {
 public:
  using pet_kind_ = detail::SplitterKind;
};

}  // namespace pet
