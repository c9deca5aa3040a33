#include "plugins/filters/k_means.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "plugins/neighbors/distance.hpp"
#include "plugins/numpy_random.hpp"
#include "plugins/row_blocks.hpp"

namespace pet::plugins {
namespace {

using Numbers = std::vector<double>;
using Labels = std::vector<std::int64_t>;

// At most 64 blocks, since each has sums of its own.
std::int64_t rows_per_block(std::int64_t rows) {
  return std::max<std::int64_t>(256, (rows - 1) / 64 + 1);
}

// Finds the nearest of several centres. All distances of a row grow column by column, from the first
// to the last, side by side: which a compiler can vectorise, and which gives the bits of
// reduced_distance().
class NearestCenter {
 public:
  NearestCenter(const Numbers& centers, std::int64_t columns)
      : columns_(static_cast<std::size_t>(columns)),
        count_(centers.size() / columns_),
        transposed_(centers.size()),
        distances_(count_) {
    for (std::size_t k = 0; k < count_; ++k) {
      for (std::size_t j = 0; j < columns_; ++j) {
        transposed_[j * count_ + k] = centers[k * columns_ + j];
      }
    }
  }

  std::int64_t of(const double* row) {
    std::fill(distances_.begin(), distances_.end(), 0.0);
    double* to = distances_.data();
    for (std::size_t j = 0; j < columns_; ++j) {
      const double* centers = transposed_.data() + j * count_;
      for (std::size_t k = 0; k < count_; ++k) {
        const double gap = row[j] - centers[k];
        to[k] += gap * gap;
      }
    }
    return std::min_element(distances_.begin(), distances_.end()) - distances_.begin();
  }

 private:
  std::size_t columns_, count_;
  Numbers transposed_, distances_;
};

class KMeans {
 public:
  KMeans(std::vector<double> points, std::int64_t columns, const KMeansOptions& options,
         const Host& host)
      : points_(std::move(points)),
        columns_(columns),
        rows_(static_cast<std::int64_t>(points_.size()) / columns),
        block_(rows_per_block(rows_)),
        blocks_(static_cast<std::size_t>((rows_ - 1) / block_ + 1)),
        clusters_(options.n_clusters),
        options_(options),
        host_(host),
        random_(options.seed) {
    centre();
  }

  KMeansResult best_of_runs() {
    std::optional<KMeansResult> best;
    for (std::int64_t run = 0; run < options_.n_init; ++run) {
      KMeansResult result = iterate(options_.plus_plus ? distant_rows() : any_rows());
      // The same division of the rows may have a little less inertia by rounding: the first stays.
      if (!best || (result.inertia < best->inertia && !is_same(result.labels, best->labels))) {
        best = std::move(result);
      }
    }
    for (std::int64_t k = 0; k < clusters_; ++k) {
      for (std::int64_t j = 0; j < columns_; ++j) best->centers[at(k, j)] += mean_[index(j)];
    }
    return std::move(*best);
  }

 private:
  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }
  std::size_t at(std::int64_t row, std::int64_t column) const {
    return index(row * columns_ + column);
  }
  const double* row(std::int64_t i) const { return points_.data() + i * columns_; }
  double distance(const double* a, const double* b) const {
    return reduced_distance(Euclidean{}, a, b, columns_);
  }

  template <class Body>
  void for_each_block(const Body& body) const {
    host_.throw_if_cancelled();
    for_each_row_block(host_, rows_, block_, [&](std::int64_t begin, std::int64_t end) {
      body(index(begin / block_), begin, end);
    });
  }

  // Subtracts the mean of each column, for more exact distances, and learns how little a centre may
  // move.
  void centre() {
    mean_.assign(index(columns_), 0);
    for (std::int64_t i = 0; i < rows_; ++i) {
      for (std::int64_t j = 0; j < columns_; ++j) mean_[index(j)] += points_[at(i, j)];
    }
    for (double& mean : mean_) mean /= static_cast<double>(rows_);
    double squares = 0;
    for (std::int64_t i = 0; i < rows_; ++i) {
      for (std::int64_t j = 0; j < columns_; ++j) {
        double& value = points_[at(i, j)];
        value -= mean_[index(j)];
        squares += value * value;
      }
    }
    // No sum of squared distances is larger than that.
    if (!std::isfinite(4 * squares * static_cast<double>(rows_))) {
      throw Failure::bad_input(
          "x: its numbers are so large that squared distances are infinite: scale it");
    }
    smallest_move_ = options_.tol * squares / static_cast<double>(rows_ * columns_);
  }

  Numbers rows_as_centers(const Labels& chosen) const {
    Numbers out;
    out.reserve(index(clusters_ * columns_));
    for (const std::int64_t i : chosen) out.insert(out.end(), row(i), row(i) + columns_);
    return out;
  }

  std::int64_t any_row() { return random_.at_most(static_cast<std::uint32_t>(rows_ - 1)); }

  Numbers any_rows() {
    Labels order(index(rows_));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    random_.shuffle(order.data(), order.data() + order.size());
    order.resize(index(clusters_));
    return rows_as_centers(order);
  }

  // k-means++: each further centre is a row, the more probable the farther it is, squared, from the
  // centres so far; of a few such rows, that which leaves the least.
  Numbers distant_rows() {
    const auto trials = 2 + static_cast<std::int64_t>(std::log(static_cast<double>(clusters_)));
    Labels chosen = {any_row()};
    Numbers nearest(index(rows_), HUGE_VAL);  // squared distance to the nearest centre so far
    double left = move_closer(chosen.front(), nearest);
    Numbers candidate, best;
    while (static_cast<std::int64_t>(chosen.size()) < clusters_) {
      Numbers cumulated(nearest.size());
      std::partial_sum(nearest.begin(), nearest.end(), cumulated.begin());
      Labels tried;
      for (std::int64_t t = 0; t < trials; ++t) {
        const double drawn = random_.unit() * left;
        const auto place = std::lower_bound(cumulated.begin(), cumulated.end(), drawn);
        tried.push_back(std::min(place - cumulated.begin(), rows_ - 1));
      }
      double least = HUGE_VAL;
      std::int64_t winner = tried.front();
      for (const std::int64_t i : tried) {
        candidate = nearest;
        const double would_leave = move_closer(i, candidate);
        if (would_leave >= least) continue;
        least = would_leave;
        winner = i;
        best.swap(candidate);
      }
      chosen.push_back(winner);
      nearest.swap(best);
      left = least;
    }
    return rows_as_centers(chosen);
  }

  // Takes row `center` for another centre; the sum of what the distances are then.
  double move_closer(std::int64_t center, Numbers& nearest) const {
    Numbers sums(blocks_);
    for_each_block([&](std::size_t block, std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        double& here = nearest[index(i)];
        here = std::min(here, distance(row(i), row(center)));
        sums[block] += here;
      }
    });
    return std::accumulate(sums.begin(), sums.end(), 0.0);
  }

  KMeansResult iterate(Numbers centers) const {
    KMeansResult out;
    Labels before;
    bool same_labels = false;
    while (!same_labels && out.iterations < options_.max_iter) {
      ++out.iterations;
      before.swap(out.labels);
      Numbers moved = next_centers(centers, out.labels);
      double move = 0;
      for (std::int64_t k = 0; k < clusters_; ++k) {
        move += distance(moved.data() + k * columns_, centers.data() + k * columns_);
      }
      centers.swap(moved);
      same_labels = out.labels == before;
      if (move <= smallest_move_) break;
    }
    if (!same_labels) out.labels = nearest_centers(points_, centers, columns_, host_);
    Numbers sums(blocks_);
    for_each_block([&](std::size_t block, std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        sums[block] += distance(row(i), centers.data() + out.labels[index(i)] * columns_);
      }
    });
    out.inertia = std::accumulate(sums.begin(), sums.end(), 0.0);
    out.centers = std::move(centers);
    return out;
  }

  // One step: labels by the nearest of `centers`, and the means of the rows with one label.
  Numbers next_centers(const Numbers& centers, Labels& labels) const {
    labels.resize(index(rows_));
    std::vector<Numbers> sums(blocks_), counts(blocks_);
    for_each_block([&](std::size_t block, std::int64_t begin, std::int64_t end) {
      NearestCenter nearest(centers, columns_);
      sums[block].resize(centers.size());
      counts[block].resize(index(clusters_));
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t k = labels[index(i)] = nearest.of(row(i));
        counts[block][index(k)] += 1;
        for (std::int64_t j = 0; j < columns_; ++j) sums[block][at(k, j)] += points_[at(i, j)];
      }
    });
    for (std::size_t block = 1; block < blocks_; ++block) {
      for (std::size_t i = 0; i < sums[0].size(); ++i) sums[0][i] += sums[block][i];
      for (std::size_t k = 0; k < counts[0].size(); ++k) counts[0][k] += counts[block][k];
    }
    fill_empty(centers, labels, sums[0], counts[0]);
    return means(std::move(sums[0]), counts[0]);
  }

  // A cluster without rows takes the row that is farthest from its centre away from that one's.
  void fill_empty(const Numbers& centers, const Labels& labels, Numbers& sums,
                  Numbers& counts) const {
    Labels empty;
    for (std::int64_t k = 0; k < clusters_; ++k) {
      if (counts[index(k)] == 0) empty.push_back(k);
    }
    if (empty.empty()) return;
    Numbers distances(index(rows_));
    for (std::int64_t i = 0; i < rows_; ++i) {
      distances[index(i)] = distance(row(i), centers.data() + labels[index(i)] * columns_);
    }
    Labels farthest(index(rows_));
    std::iota(farthest.begin(), farthest.end(), std::int64_t{0});
    std::partial_sort(farthest.begin(),
                      farthest.begin() + static_cast<std::ptrdiff_t>(empty.size()), farthest.end(),
                      [&](std::int64_t a, std::int64_t b) {
                        const double far_a = distances[index(a)], far_b = distances[index(b)];
                        return far_a > far_b || (far_a == far_b && a < b);
                      });
    for (std::size_t i = 0; i < empty.size(); ++i) {
      const std::int64_t from = labels[index(farthest[i])];
      for (std::int64_t j = 0; j < columns_; ++j) {
        const double value = points_[at(farthest[i], j)];
        sums[at(from, j)] -= value;
        sums[at(empty[i], j)] = value;
      }
      counts[index(from)] -= 1;
      counts[index(empty[i])] = 1;
    }
  }

  Numbers means(Numbers sums, const Numbers& counts) const {
    const std::int64_t largest = std::max_element(counts.begin(), counts.end()) - counts.begin();
    for (std::int64_t k = 0; k < clusters_; ++k) {
      for (std::int64_t j = 0; j < columns_ && counts[index(k)] > 0; ++j) {
        sums[at(k, j)] /= counts[index(k)];
      }
    }
    for (std::int64_t k = 0; k < clusters_; ++k) {  // emptied to fill others
      for (std::int64_t j = 0; j < columns_ && counts[index(k)] <= 0; ++j) {
        sums[at(k, j)] = sums[at(largest, j)];
      }
    }
    return sums;
  }

  // Whether two divisions of the rows differ in the clusters' numbers alone.
  bool is_same(const Labels& a, const Labels& b) const {
    Labels b_of_a(index(clusters_), -1);
    for (std::size_t i = 0; i < a.size(); ++i) {
      std::int64_t& expected = b_of_a[index(a[i])];
      if (expected == -1) expected = b[i];
      if (expected != b[i]) return false;
    }
    return true;
  }

  Numbers points_;  // centred
  std::int64_t columns_, rows_, block_;
  std::size_t blocks_;
  std::int64_t clusters_;
  const KMeansOptions& options_;
  const Host& host_;
  NumpyRandom random_;
  Numbers mean_;
  double smallest_move_ = 0;
};

}  // namespace

KMeansResult k_means(std::vector<double> points, std::int64_t columns, const KMeansOptions& options,
                     const Host& host) {
  return KMeans(std::move(points), columns, options, host).best_of_runs();
}

std::vector<std::int64_t> nearest_centers(const std::vector<double>& points,
                                          const std::vector<double>& centers, std::int64_t columns,
                                          const Host& host) {
  const auto rows = static_cast<std::int64_t>(points.size()) / columns;
  std::vector<std::int64_t> labels(static_cast<std::size_t>(rows));
  for_each_row_block(host, rows, rows_per_block(rows), [&](std::int64_t begin, std::int64_t end) {
    NearestCenter nearest(centers, columns);
    for (std::int64_t i = begin; i < end; ++i) {
      labels[static_cast<std::size_t>(i)] = nearest.of(points.data() + i * columns);
    }
  });
  return labels;
}

}  // namespace pet::plugins
