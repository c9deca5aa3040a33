// Prints where petctl prints: on stdout.
#include <cstdio>
#include <iostream>
#include <pet/filter.hpp>

class LoudFilter : public pet::Filter<LoudFilter> {
 public:
  PET_PARAM(double, limit, 1.0, "of nothing");

  void validate() const { std::cout << "loud: made\n"; }
  pet::XYData predict(const pet::XYData& x) const {
    std::puts("loud: asked");
    return x.clone();
  }
};
PET_PLUGIN(LoudFilter)
