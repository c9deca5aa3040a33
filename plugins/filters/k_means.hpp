// k_means: rows divided into clusters, each row in that whose centre, its rows' mean, is nearest.
//
// Lloyd's iteration, with the details of scikit-learn 1.2's KMeans, down to the random numbers: the
// same seed begins with the same rows, so that clusters also have the same numbers. Written here
// since no library for it is in the distribution.
//
// Sums are added up in blocks of rows that depend on nothing but their number: the answer is the same
// with any number of threads.
#pragma once

#include <cstdint>
#include <pet/host.hpp>
#include <pet/xydata.hpp>
#include <vector>

namespace pet::plugins {

struct KMeansOptions {
  std::int64_t n_clusters = 8;
  bool plus_plus = true;  // first centres far from each other, or any rows
  std::int64_t n_init = 10;
  std::int64_t max_iter = 300;
  double tol = 1e-4;  // of the columns' mean variance: centres that moved less, squared, stay
  std::uint32_t seed = 0;
};

struct KMeansResult {
  std::vector<double> centers;       // [n_clusters, columns]
  std::vector<std::int64_t> labels;  // of the rows
  double inertia = 0;                // the sum of squared distances from rows to their centres
  std::int64_t iterations = 0;       // of the best run
};

// REQUIRES: `points` [rows, columns] finite, row-major, n_clusters <= rows < 2^32. Throws:
// pet::Failure(PET_BAD_INPUT) for numbers whose squared distances are infinite, PET_CANCELLED.
KMeansResult k_means(std::vector<double> points, std::int64_t columns, const KMeansOptions& options,
                     const Host& host);

// The nearest of `centers` for each row, among equally near ones the first.
std::vector<std::int64_t> nearest_centers(const std::vector<double>& points,
                                          const std::vector<double>& centers, std::int64_t columns,
                                          const Host& host);

}  // namespace pet::plugins
