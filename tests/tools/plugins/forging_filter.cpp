// Fails with a text that wants to look like petctl's own, and that moves the cursor.
#include <pet/filter.hpp>
#include <stdexcept>

class ForgingFilter : public pet::Filter<ForgingFilter> {
 public:
  pet::XYData predict(const pet::XYData&) const {
    throw std::runtime_error("asked before noon\nerror: fake\r\x1b[31m red \xc2\x9b");
  }
};
PET_PLUGIN(ForgingFilter)
