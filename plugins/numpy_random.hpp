// NumpyRandom: the numbers that numpy's RandomState(seed) draws, so that what scikit-learn decides by
// them is decided here the same way, on any machine.
//
// It is the Mersenne Twister of 32 bits (numpy/random/mtrand.pyx; legacy-distributions.c). Drawing
// from another, or by another rule, gives other answers: both are part of a class's behaviour
// version.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>

namespace pet::plugins {

class NumpyRandom {
 public:
  explicit NumpyRandom(std::uint32_t seed) : random_(seed) {}

  // 0 to `largest`, randint(largest + 1): cut to as many bits as `largest` has, and drawn again while
  // it is larger. Nothing is drawn when there is no choice.
  std::uint32_t at_most(std::uint32_t largest) {
    if (largest == 0) return 0;
    std::uint32_t mask = largest;
    for (const int bits : {1, 2, 4, 8, 16}) mask |= mask >> bits;
    for (;;) {
      const std::uint32_t drawn = next() & mask;
      if (drawn <= largest) return drawn;
    }
  }

  // From [0, 1), random_sample(): 53 bits of two numbers.
  double unit() {
    const double high = next() >> 5;
    const double low = next() >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }

  // shuffle(): from the last element down, each changes places with one at or before it. REQUIRES:
  // at most 2^32 elements.
  template <class T>
  void shuffle(T* begin, T* end) {
    for (std::ptrdiff_t i = end - begin - 1; i >= 1; --i) {
      std::swap(begin[i], begin[at_most(static_cast<std::uint32_t>(i))]);
    }
  }

 private:
  std::uint32_t next() { return static_cast<std::uint32_t>(random_()); }

  std::mt19937 random_;
};

}  // namespace pet::plugins
