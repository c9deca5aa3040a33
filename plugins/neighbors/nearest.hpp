// Nearest: the k nearest of the points offered so far, in whatever order they are offered.
//
// Among points at equal distance the lower index is nearer, so the answer depends on the points
// alone and not on the search that offers them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace pet::plugins {

struct Neighbor {
  double reduced = 0;  // see distance.hpp
  std::int64_t index = 0;

  friend bool operator<(const Neighbor& a, const Neighbor& b) noexcept {
    return a.reduced < b.reduced || (a.reduced == b.reduced && a.index < b.index);
  }
};

class Nearest {
 public:
  explicit Nearest(std::size_t k) : k_(k) { heap_.reserve(k); }

  void offer(double reduced, std::int64_t index) {
    const Neighbor candidate{reduced, index};
    if (heap_.size() == k_) {
      if (!(candidate < heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.back() = candidate;
    } else {
      heap_.push_back(candidate);
    }
    std::push_heap(heap_.begin(), heap_.end());
  }

  bool full() const noexcept { return heap_.size() == k_; }
  std::size_t size() const noexcept { return heap_.size(); }

  // The distance of the farthest kept; infinite until there are k.
  double worst() const noexcept {
    return full() ? heap_.front().reduced : std::numeric_limits<double>::infinity();
  }

  // Moves what was kept to `out`, nearest first, and starts anew.
  void take(Neighbor* out) {
    std::sort_heap(heap_.begin(), heap_.end());
    std::copy(heap_.begin(), heap_.end(), out);
    heap_.clear();
  }

  void clear() noexcept { heap_.clear(); }

 private:
  std::size_t k_;
  std::vector<Neighbor> heap_;  // farthest first
};

}  // namespace pet::plugins
