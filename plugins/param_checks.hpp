// Checks on parameters that several classes have, for validate().
//
// Threads: any. Throws: pet::Failure(PET_BAD_PARAMS) naming the parameter and its value.
#pragma once

#include <cmath>
#include <cstdint>
#include <pet/failure.hpp>
#include <string>

namespace pet::plugins {

inline void require_at_least(std::int64_t least, const char* name, std::int64_t value) {
  if (value >= least) return;
  throw Failure::bad_params(std::string(name) + ": expected at least " + std::to_string(least) +
                            ", got " + std::to_string(value));
}

inline void require_above_zero(const char* name, double value) {
  if (value > 0 && std::isfinite(value)) return;
  throw Failure::bad_params(std::string(name) + ": expected a number above 0, got " +
                            std::to_string(value));
}

}  // namespace pet::plugins
