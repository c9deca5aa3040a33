// KnnFilter: the class that most of the nearest training points have.
//
// Shapes:     fit x [n, m], y [n] or [n, 1]; predict [r, m] -> [r], of y's element type. Labels are
//             integers, bool or whole floating-point numbers.
// Parameters: as scikit-learn's KNeighborsClassifier, which the votes follow: among equally many
//             votes the smallest label wins; with weights "distance", neighbours at distance 0 are
//             the only ones to vote. Among neighbours at equal distance the one earlier in the
//             training data is nearer. Every algorithm finds the same neighbours: "ball_tree" is
//             accepted and searches as "kd_tree" does; "auto" takes the tree up to 15 columns and
//             fewer neighbours than half the data, as scikit-learn. metric "minkowski" (with p),
//             "euclidean" or "l2", "manhattan", "cityblock" or "l1", "chebyshev". metric_params is
//             null or empty. n_jobs: 1 uses the caller's thread only, n at most n of the host's,
//             null or a negative number as many as it has.
// Errors:     bad_params for values outside these; bad_input for NaN and infinities, zero rows or
//             columns, labels that are no classes, different numbers of rows in x and y,
//             n_neighbors larger than the data, other columns than fit saw; not_fitted for predict
//             before fit.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <pet/filter.hpp>
#include <string>
#include <utility>
#include <vector>

#include "plugins/features.hpp"
#include "plugins/labels.hpp"
#include "plugins/neighbors/neighbor_search.hpp"

namespace pet::plugins {
namespace {

constexpr std::int64_t kLargestTreeColumns = 15;
constexpr std::int64_t kQueriesPerTask = 256;

struct Vote {
  std::int64_t label;
  double weight;
};

Metric parse_metric(const std::string& name, std::int64_t p) {
  const bool minkowski = name == "minkowski";
  if (name == "euclidean" || name == "l2" || (minkowski && p == 2)) return {Metric::kEuclidean, 2};
  if (name == "manhattan" || name == "cityblock" || name == "l1" || (minkowski && p == 1)) {
    return {Metric::kManhattan, 1};
  }
  if (name == "chebyshev") return {Metric::kChebyshev, 0};
  if (minkowski) return {Metric::kMinkowski, static_cast<double>(p)};
  throw Failure::bad_params(
      "metric: expected 'minkowski', 'euclidean', 'l2', 'manhattan', 'cityblock', 'l1' or "
      "'chebyshev', got '" +
      name + "'");
}

void require_positive(const char* name, std::int64_t value) {
  if (value >= 1) return;
  throw Failure::bad_params(std::string(name) + ": expected at least 1, got " +
                            std::to_string(value));
}

// The label with the largest sum of weights; the smallest label among equal sums. Sorts `votes`,
// each label's in the order they had, so that sums do not depend on the search.
std::int64_t winner(std::vector<Vote>& votes) {
  std::stable_sort(votes.begin(), votes.end(),
                   [](const Vote& a, const Vote& b) { return a.label < b.label; });
  std::int64_t best = votes.front().label;
  double best_sum = -1;
  for (auto vote = votes.begin(); vote != votes.end();) {
    const std::int64_t label = vote->label;
    double sum = 0;
    for (; vote != votes.end() && vote->label == label; ++vote) sum += vote->weight;
    if (sum > best_sum) {
      best = label;
      best_sum = sum;
    }
  }
  return best;
}

// Row-major float64: x itself where it is that already, a copy in `storage` otherwise.
Points points_of(const XYData& x, std::vector<double>& storage) {
  if (x.is<double>() && x.is_contiguous()) return {x.data<double>(), x.rows(), x.columns()};
  storage = x.converted<double>();
  return {storage.data(), x.rows(), x.columns()};
}

}  // namespace

class KnnFilter : public Filter<KnnFilter> {
 public:
  PET_DOC("Classifies by the votes of the nearest training points.");
  PET_PARAM(std::int64_t, n_neighbors, 5, "how many training points vote");
  PET_PARAM(std::string, weights, "uniform", "'uniform', or 'distance': votes count 1 / distance");
  PET_PARAM(std::string, algorithm, "auto",
            "'auto', 'kd_tree', 'ball_tree' or 'brute': same answers");
  PET_PARAM(std::int64_t, leaf_size, 30, "training points in a leaf of the tree");
  PET_PARAM(std::int64_t, p, 2, "the power of the Minkowski distance");
  PET_PARAM(
      std::string, metric, "minkowski",
      "'minkowski', 'euclidean', 'l2', 'manhattan', 'l1'…: all names are in the error for another");
  PET_PARAM(std::optional<Object>, metric_params, null, "null: the distances here have none");
  PET_PARAM(std::optional<std::int64_t>, n_jobs, null, "threads; null: as many as the host gives");

  void validate() const {
    require_positive("n_neighbors", n_neighbors);
    require_positive("leaf_size", leaf_size);
    require_positive("p", p);
    parse_metric(metric, p);
    if (weights != "uniform" && weights != "distance") {
      throw Failure::bad_params("weights: expected 'uniform' or 'distance', got '" + weights + "'");
    }
    if (algorithm != "auto" && algorithm != "kd_tree" && algorithm != "ball_tree" &&
        algorithm != "brute") {
      throw Failure::bad_params(
          "algorithm: expected 'auto', 'kd_tree', 'ball_tree' or 'brute', got '" + algorithm + "'");
    }
    if (metric_params && !metric_params->empty()) {
      throw Failure::bad_params("metric_params: expected null, since '" + metric + "' has none");
    }
    if (n_jobs && *n_jobs == 0)
      throw Failure::bad_params("n_jobs: expected 1 or more, -1 or null, got 0");
  }

  void fit(const XYData& x, const XYData& y) {
    require_matrix(x);
    require_finite(x, Missing::kRefused);
    std::vector<std::int64_t> labels = read_training_labels(x, y);
    if (n_neighbors > x.rows()) {
      throw Failure::bad_input("n_neighbors is " + std::to_string(n_neighbors) +
                               ", but there are only " + std::to_string(x.rows()) +
                               " training rows");
    }
    learn(XYData::mock(x.converted<double>(), x.shape()), y.clone(), std::move(labels));
  }

  XYData predict(const XYData& x) const {
    if (search_ == nullptr)
      throw Failure::not_fitted("predict before fit: there are no training points yet");
    require_matrix(x, points_.columns());
    require_finite(x, Missing::kRefused);
    std::vector<double> storage;
    const Points queries = points_of(x, storage);
    std::vector<std::int64_t> answers(static_cast<std::size_t>(queries.rows));

    const std::int64_t per_task = queries_per_task(queries.rows);
    const auto tasks = static_cast<std::uint64_t>((queries.rows + per_task - 1) / per_task);
    const auto answer = [&](std::uint64_t task) {
      const std::int64_t begin = static_cast<std::int64_t>(task) * per_task;
      const std::int64_t end = std::min(begin + per_task, queries.rows);
      classify(queries.block(begin, end), answers.data() + begin);
    };
    if (tasks == 1) {
      answer(0);
    } else {
      host().parallel_for(tasks, answer);
    }
    XYData out = make(y_.dtype(), {queries.rows});
    write_labels(answers, out);
    return out;
  }

  void save(StateWriter& state) const {
    state.put("points", points_);
    state.put("labels", y_);
  }

  void load(StateReader& state) {
    auto points = state.get<XYData>("points");
    auto y = state.get<XYData>("labels");
    if (!points && !y) return forget();
    if (!points || !y || !points.is<double>() || points.ndim() != 2 || y.ndim() < 1 ||
        points.rows() != y.rows() || points.rows() < n_neighbors || points.columns() < 1) {
      throw Failure::bad_state("expected float64 points with one label each, at least " +
                               std::to_string(n_neighbors) + ", got points " + points.describe() +
                               ", labels " + y.describe());
    }
    std::vector<std::int64_t> labels;
    try {
      require_finite(points, Missing::kRefused);
      labels = read_labels(y, "labels");
    } catch (const Failure& failure) {
      if (failure.status() != PET_BAD_INPUT) throw;
      throw Failure::bad_state(std::string("fit learns nothing like this: ") + failure.what());
    }
    learn(std::move(points), std::move(y), std::move(labels));
  }

 private:
  // Everything that can fail is done before the first field changes.
  void learn(XYData points, XYData y, std::vector<std::int64_t> labels) {
    std::unique_ptr<NeighborSearch> search =
        make_search({std::as_const(points).data<double>(), points.rows(), points.columns()});
    search_ = std::move(search);
    points_ = std::move(points);
    y_ = std::move(y);
    labels_ = std::move(labels);
  }

  void forget() {
    search_.reset();
    points_ = XYData();
    y_ = XYData();
    labels_.clear();
  }

  std::unique_ptr<NeighborSearch> make_search(const Points& points) const {
    const Metric distance = parse_metric(metric, p);
    const bool tree = algorithm == "auto"
                          ? points.columns <= kLargestTreeColumns && n_neighbors < points.rows / 2
                          : algorithm != "brute";
    if (tree) return make_kd_tree_search(points, distance, leaf_size);
    if (distance.kind == Metric::kEuclidean) return make_blocked_search(points);
    return make_exhaustive_search(points, distance);
  }

  std::int64_t queries_per_task(std::int64_t rows) const {
    if (!n_jobs || *n_jobs < 0) return kQueriesPerTask;
    return std::max(kQueriesPerTask, 1 + (rows - 1) / *n_jobs);
  }

  void classify(const Points& queries, std::int64_t* answers) const {
    const auto k = static_cast<std::size_t>(n_neighbors);
    std::vector<Neighbor> neighbors(k * static_cast<std::size_t>(queries.rows));
    search_->find(queries, n_neighbors, neighbors.data());
    std::vector<Vote> votes;
    for (std::int64_t i = 0; i < queries.rows; ++i) {
      count_votes(neighbors.data() + static_cast<std::size_t>(i) * k, k, votes);
      answers[i] = winner(votes);
    }
  }

  void count_votes(const Neighbor* nearest, std::size_t k, std::vector<Vote>& votes) const {
    votes.clear();
    const Metric distance = parse_metric(metric, p);
    const bool uniform = weights == "uniform";
    const bool exact = nearest[0].reduced == 0;  // nearest first
    for (std::size_t i = 0; i < k; ++i) {
      double weight = 1;
      if (!uniform) {
        const double reduced = nearest[i].reduced;
        weight = exact ? (reduced == 0 ? 1 : 0) : 1 / distance.distance_of(reduced);
      }
      votes.push_back({labels_[static_cast<std::size_t>(nearest[i].index)], weight});
    }
  }

  XYData points_;                           // row-major float64; nothing before fit
  XYData y_;                                // as given to fit: answers have its element type
  std::vector<std::int64_t> labels_;        // the same, read
  std::unique_ptr<NeighborSearch> search_;  // looks at points_
};

PET_PLUGIN(KnnFilter, "1")

}  // namespace pet::plugins
