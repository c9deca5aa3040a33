#include <pet/filter.hpp>

class MyFilter : public pet::Filter<MyFilter> {
 public:
  PET_DOC("multiplies every value");
  PET_PARAM(double, factor, 2.0, "what every value is multiplied with");

  pet::XYData predict(const pet::XYData& x) const {
    pet::XYData y = like(x);
    double* out = y.data<double>();
    for (const double value : x.elements<double>()) *out++ = factor * value;
    return y;
  }
};
PET_PLUGIN(MyFilter)
