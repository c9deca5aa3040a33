// KMeansFilter: the number of the cluster that a row belongs to.
//
// Shapes:     fit x [n, m], y is not looked at; predict [r, m] -> int64 [r], 0 to n_clusters - 1.
// Parameters: as scikit-learn's KMeans. n_clusters; init, where the centres begin: "k-means++", at
//             rows far from each other, or "random", at any rows; n_init, how often that is tried:
//             the try with the least sum of squared distances is taken; max_iter, steps of one try;
//             tol, at least 0: a step that moves the centres by no more, squared and relative to the
//             mean variance of the columns, is the last; random_state, the seed, 0 to 4294967295,
//             with null the same as 0, so that answers can be reproduced; algorithm "lloyd" or
//             "elkan": same answers.
// Formula:    scikit-learn 1.2's KMeans, by Lloyd's iteration: the same random_state begins with
//             the same rows and gives the same clusters, under the same numbers, unless rounding
//             decides. A cluster that loses all its rows takes the row that is farthest from its
//             centre. Everything is float64, also where x is float32. O(n m n_clusters) time a
//             step.
// Errors:     bad_params for values outside these; bad_input for NaN and infinities, zero rows or
//             columns, fewer rows than clusters, numbers whose squares are infinite, other columns
//             than fit saw; not_fitted for predict before fit; cancelled. Fewer different rows than
//             clusters is no error: some clusters are empty then, and the host's log says so.
// State:      the centres.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <pet/filter.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugins/features.hpp"
#include "plugins/filters/k_means.hpp"
#include "plugins/param_checks.hpp"

namespace pet::plugins {
namespace {

constexpr std::int64_t kLargestSeed = std::numeric_limits<std::uint32_t>::max();

}  // namespace

class KMeansFilter : public Filter<KMeansFilter> {
 public:
  PET_DOC("Divides rows into clusters, by the nearest of their means.");
  PET_PARAM(std::int64_t, n_clusters, 8, "how many clusters");
  PET_PARAM(std::string, init, "k-means++", "'k-means++' or 'random': where the centres begin");
  PET_PARAM(std::int64_t, n_init, 10, "how often the centres begin anew; the best try is taken");
  PET_PARAM(std::int64_t, max_iter, 300, "steps of one try at most");
  PET_PARAM(double, tol, 1e-4, "a step that moves the centres by no more is the last");
  PET_PARAM(std::optional<std::int64_t>, random_state, null, "the seed; null: 0");
  PET_PARAM(std::string, algorithm, "lloyd", "'lloyd' or 'elkan': same answers");
  static constexpr bool kClusters = true;

  void validate() const {
    require_at_least(1, "n_clusters", n_clusters);
    require_at_least(1, "n_init", n_init);
    require_at_least(1, "max_iter", max_iter);
    if (init != "k-means++" && init != "random") {
      throw Failure::bad_params("init: expected 'k-means++' or 'random', got '" + init + "'");
    }
    if (!(tol >= 0) || !std::isfinite(tol)) {
      throw Failure::bad_params("tol: expected a number of at least 0, got " + std::to_string(tol));
    }
    if (random_state && (*random_state < 0 || *random_state > kLargestSeed)) {
      throw Failure::bad_params("random_state: expected null or 0 to " +
                                std::to_string(kLargestSeed) + ", got " +
                                std::to_string(*random_state));
    }
    if (algorithm != "lloyd" && algorithm != "elkan") {
      throw Failure::bad_params("algorithm: expected 'lloyd' or 'elkan', got '" + algorithm + "'");
    }
  }

  void fit(const XYData& x) {
    require_matrix(x);
    if (n_clusters > x.rows()) {
      throw Failure::bad_input("n_clusters is " + std::to_string(n_clusters) +
                               ", but there are only " + std::to_string(x.rows()) +
                               " training rows");
    }
    if (x.rows() > kLargestSeed) {  // rows are drawn as numbers of 32 bits
      throw Failure::bad_input("x: expected at most " + std::to_string(kLargestSeed) +
                               " rows, got " + x.describe());
    }
    require_finite(x, Missing::kRefused);
    KMeansOptions options;
    options.n_clusters = n_clusters;
    options.plus_plus = init == "k-means++";
    options.n_init = n_init;
    options.max_iter = max_iter;
    options.tol = tol;
    options.seed = static_cast<std::uint32_t>(random_state.value_or(0));
    KMeansResult result = k_means(x.converted<double>(), x.columns(), options, host());
    const auto used = std::set<std::int64_t>(result.labels.begin(), result.labels.end()).size();
    if (static_cast<std::int64_t>(used) < n_clusters) {
      host().warning("KMeansFilter found " + std::to_string(used) + " clusters, n_clusters is " +
                     std::to_string(n_clusters) + ": x has too few different rows");
    }
    centers_ = std::move(result.centers);
    columns_ = x.columns();
  }

  XYData predict(const XYData& x) const {
    if (centers_.empty()) throw Failure::not_fitted("predict before fit: there are no centres yet");
    require_matrix(x, columns_);
    require_finite(x, Missing::kRefused);
    const std::vector<std::int64_t> labels =
        nearest_centers(x.converted<double>(), centers_, columns_, host());
    XYData out = make<std::int64_t>({x.rows()});
    std::copy(labels.begin(), labels.end(), out.data<std::int64_t>());
    return out;
  }

  void save(StateWriter& state) const {
    state.put("columns", columns_);
    state.put("centers", centers_);
  }

  void load(StateReader& state) {
    const auto columns = state.get<std::int64_t>("columns");
    auto centers = state.get<std::vector<double>>("centers");
    const auto count = static_cast<std::size_t>(n_clusters);
    const bool fits = columns >= 1 && centers.size() / count == static_cast<std::size_t>(columns) &&
                      centers.size() % count == 0;
    if (!centers.empty() && !fits) {
      throw Failure::bad_state("expected " + std::to_string(n_clusters) + " centres of " +
                               std::to_string(columns) + " columns, got " +
                               std::to_string(centers.size()) + " numbers");
    }
    if (!std::all_of(centers.begin(), centers.end(), [](double v) { return std::isfinite(v); })) {
      throw Failure::bad_state("expected finite centres, got NaN or infinity");
    }
    columns_ = columns;
    centers_ = std::move(centers);
  }

 private:
  std::int64_t columns_ = 0;
  std::vector<double> centers_;  // [n_clusters, columns]; empty before fit
};

PET_PLUGIN(KMeansFilter, "1")

}  // namespace pet::plugins
