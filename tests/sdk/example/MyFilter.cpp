#include <pet/filter.hpp>

class MyFilter : public pet::Filter<MyFilter> {
 public:
  PET_DOC("multiplies every value");
  PET_PARAM(double, factor, 2.0, "what every value is multiplied with");

  pet::XYData predict(const pet::XYData& x) const {
    pet::XYData y = like(x);
    for (std::int64_t i = 0; i < x.size(); ++i) y.data<double>()[i] = factor * x.data<double>()[i];
    return y;
  }
};
PET_PLUGIN(MyFilter)
