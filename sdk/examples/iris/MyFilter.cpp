#include <pet/filter.hpp>

struct MyFilter : pet::Filter<MyFilter> {
  PET_DOC("keeps every value within a limit");
  PET_PARAM(double, limit, 2.5, "values beyond it, up or down, become it");

  pet::XYData predict(const pet::XYData& x) const {
    pet::XYData y = like(x);
    const double* in = x.data<double>();
    double* out = y.data<double>();
    for (std::int64_t i = 0; i < x.size(); ++i) out[i] = std::clamp(in[i], -limit, limit);
    return y;
  }
};
PET_PLUGIN(MyFilter)
