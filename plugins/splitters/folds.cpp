#include "plugins/splitters/folds.hpp"

#include <chrono>
#include <limits>
#include <string>

namespace pet::plugins {
namespace {

constexpr std::int64_t kLargestSeed = std::numeric_limits<std::uint32_t>::max();

// Another one for every call. Not std::random_device, which would ask for glibc 2.36.
std::uint32_t seed_of_the_moment() {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  auto mixed = static_cast<std::uint64_t>(now) ^ reinterpret_cast<std::uintptr_t>(&now);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;  // splitmix64
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return static_cast<std::uint32_t>(mixed >> 32);
}

}  // namespace

void FoldOptions::validate() const {
  if (n_splits < 2) {
    throw Failure::bad_params("n_splits: expected at least 2, got " + std::to_string(n_splits));
  }
  if (!random_state) return;
  if (!shuffle) {
    throw Failure::bad_params("random_state: expected null, since shuffle is false, got " +
                              std::to_string(*random_state));
  }
  if (*random_state < 0 || *random_state > kLargestSeed) {
    throw Failure::bad_params("random_state: expected null or 0 to " +
                              std::to_string(kLargestSeed) + ", got " +
                              std::to_string(*random_state));
  }
}

void FoldOptions::require_rows(const XYData& x, const XYData& y) const {
  if (x.ndim() == 0 || x.rows() < n_splits) {
    throw Failure::bad_input("x: expected at least " + std::to_string(n_splits) +
                             " rows, one for each fold, got " + x.describe());
  }
  if (x.rows() > kLargestSeed) {
    throw Failure::bad_input("x: expected at most " + std::to_string(kLargestSeed) + " rows, got " +
                             x.describe());
  }
  if (y && y.rows() != x.rows()) {
    throw Failure::bad_input("x has " + std::to_string(x.rows()) + " rows, but y has " +
                             std::to_string(y.rows()));
  }
}

Shuffler::Shuffler(std::optional<std::int64_t> seed)
    : random_(seed ? static_cast<std::uint32_t>(*seed) : seed_of_the_moment()) {}

Fold fold_of(const TestFolds& test_folds, std::int64_t number) {
  Fold fold;
  for (std::size_t row = 0; row < test_folds.size(); ++row) {
    (test_folds[row] == number ? fold.test : fold.train).push_back(static_cast<std::int64_t>(row));
  }
  return fold;
}

}  // namespace pet::plugins
