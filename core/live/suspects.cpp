#include "core/live/suspects.hpp"

#include <algorithm>
#include <utility>

namespace pet {

void Suspects::begin(std::vector<ClassVersion> moved, std::string reason, Proof proof) {
  all_ = std::move(moved);
  std::ranges::stable_sort(all_, std::ranges::greater{}, &ClassVersion::time);
  next_ = 0;
  reason_ = std::move(reason);
  proof_ = proof;
}

}  // namespace pet
