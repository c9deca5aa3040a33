#include "plugins/neighbors/neighbor_search.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

namespace pet::plugins {
namespace {

struct Problem {
  std::vector<double> points, queries;
  std::int64_t rows, query_rows, columns, k;

  Points points_view() const { return {points.data(), rows, columns}; }
  Points queries_view() const { return {queries.data(), query_rows, columns}; }
};

// Few levels make many equal distances; offsets and scales make rounding large.
Problem random_problem(std::mt19937& random, int number) {
  const auto below = [&](std::uint32_t limit) {
    return static_cast<std::int64_t>(random() % limit);
  };
  Problem out;
  out.rows = 1 + below(200);
  out.query_rows = 1 + below(70);
  out.columns = 1 + below(20);
  out.k = 1 + below(static_cast<std::uint32_t>(out.rows));
  const std::uint32_t levels = number % 3 == 0 ? 3 : 1000000;
  const double offset = number % 5 == 0 ? 1e6 : 0;
  const double scale = number % 7 == 0 ? 1e-5 : 1;
  const auto fill = [&](std::vector<double>& values, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      values.push_back(offset + scale * static_cast<double>(below(levels)));
    }
  };
  fill(out.points, out.rows * out.columns);
  fill(out.queries, out.query_rows * out.columns);
  if (number % 11 == 0) out.queries[0] = 1e200;
  if (number % 13 == 0) out.points[0] = -1e200;
  return out;
}

// All distances, sorted: what no search can get wrong.
std::vector<Neighbor> by_definition(const Problem& problem, const Metric& metric) {
  std::vector<Neighbor> out;
  for (std::int64_t q = 0; q < problem.query_rows; ++q) {
    std::vector<Neighbor> all;
    for (std::int64_t i = 0; i < problem.rows; ++i) {
      metric.visit([&](const auto& norm) {
        all.push_back({reduced_distance(norm, problem.queries_view().row(q),
                                        problem.points_view().row(i), problem.columns),
                       i});
      });
    }
    std::sort(all.begin(), all.end());
    out.insert(out.end(), all.begin(), all.begin() + problem.k);
  }
  return out;
}

std::size_t differences(const NeighborSearch& search, const Problem& problem,
                        const std::vector<Neighbor>& expected) {
  std::vector<Neighbor> found(expected.size());
  search.find(problem.queries_view(), problem.k, found.data());
  std::size_t count = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    count += found[i].index != expected[i].index || found[i].reduced != expected[i].reduced;
  }
  return count;
}

}  // namespace

TEST_CASE("every search finds the same neighbours in the same order, to the last bit",
          "[plugins]") {
  std::mt19937 random(1);
  for (int number = 0; number < 150; ++number) {
    const Problem problem = random_problem(random, number);
    for (const Metric metric : {Metric{Metric::kManhattan, 1}, Metric{Metric::kEuclidean, 2},
                                Metric{Metric::kMinkowski, 3}, Metric{Metric::kChebyshev, 0}}) {
      const std::vector<Neighbor> expected = by_definition(problem, metric);
      INFO("problem " << number << ", metric " << metric.kind);
      const Points points = problem.points_view();
      CHECK(differences(*make_exhaustive_search(points, metric), problem, expected) == 0);
      CHECK(differences(*make_kd_tree_search(points, metric, 1 + number % 30), problem, expected) ==
            0);
      if (metric.kind == Metric::kEuclidean) {
        CHECK(differences(*make_blocked_search(points), problem, expected) == 0);
      }
    }
  }
}

TEST_CASE("points that are cut off one by one make no tree that is too deep", "[plugins]") {
  Problem problem;
  problem.columns = 26;
  problem.k = 3;
  for (int exponent = -1070; exponent < 500; ++exponent) {
    for (std::int64_t axis = 0; axis < problem.columns; ++axis) {
      std::vector<double> point(static_cast<std::size_t>(problem.columns));
      point[static_cast<std::size_t>(axis)] =
          std::ldexp(1 + static_cast<double>(axis) / 26, exponent);
      problem.points.insert(problem.points.end(), point.begin(), point.end());
    }
  }
  problem.rows = static_cast<std::int64_t>(problem.points.size()) / problem.columns;
  for (const double near : {0.0, 1e-300, 1e-20, 1.0, 3e5, 1e100}) {
    problem.queries.insert(problem.queries.end(), static_cast<std::size_t>(problem.columns), 0);
    *(problem.queries.end() - 3) = near;
    *(problem.queries.end() - 5) = near * 1.5;
  }
  problem.query_rows = static_cast<std::int64_t>(problem.queries.size()) / problem.columns;
  for (const Metric metric : {Metric{Metric::kManhattan, 1}, Metric{Metric::kEuclidean, 2}}) {
    const std::vector<Neighbor> expected = by_definition(problem, metric);
    for (const std::int64_t leaf_size : {1, 30}) {
      CHECK(differences(*make_kd_tree_search(problem.points_view(), metric, leaf_size), problem,
                        expected) == 0);
    }
  }
}

TEST_CASE("Nearest keeps the k smallest, whatever the order, the lower index first among equals",
          "[plugins]") {
  Nearest nearest(2);
  for (const std::int64_t index : {5, 3, 4, 1}) nearest.offer(index == 5 ? 9.0 : 7.0, index);
  REQUIRE(nearest.full());
  CHECK(nearest.worst() == 7);
  Neighbor out[2];
  nearest.take(out);
  CHECK(out[0].index == 1);
  CHECK(out[1].index == 3);
  CHECK(nearest.size() == 0);
  CHECK(nearest.worst() > 1e308);
}

}  // namespace pet::plugins
