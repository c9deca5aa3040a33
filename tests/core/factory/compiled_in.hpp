// Classes that are part of the test programs, as built-ins are part of an application.
#pragma once

#include <pet/filter.hpp>
#include <pet/metric.hpp>

#include "core/loader/pet_class.hpp"

namespace pet::test {

class PlainFilter : public Filter<PlainFilter> {
 public:
  PET_DOC("gives back what it gets");
  XYData predict(const XYData& x) const { return x.clone(); }
};
PET_CLASS(PlainFilter, "1.0")

class StandardScalerPlugin : public Filter<StandardScalerPlugin> {
 public:
  XYData predict(const XYData& x) const { return x.clone(); }
};
PET_CLASS(StandardScalerPlugin)

class Precission : public Metric<Precission> {
 public:
  static constexpr bool kHigherBetter = true;
  double measure(const XYData&, const XYData&) const { return 1; }
};
PET_CLASS(Precission)

// A built-in with the name of a class in the fixtures.
class GoodFilter : public Filter<GoodFilter> {
 public:
  XYData predict(const XYData& x) const { return x.clone(); }
};
PET_CLASS(GoodFilter, "built-in")

template <class T>
PetClass compiled_in() {
  return PetClass::compiled_in(entry_of<T>());
}

}  // namespace pet::test
