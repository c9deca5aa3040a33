#include "plugins/metrics/clusters.hpp"

#include <cmath>
#include <string>

#include "plugins/features.hpp"
#include "plugins/labels.hpp"

namespace pet::plugins {

Clusters clusters_of(const XYData& x, const XYData& labels) {
  require_matrix(x);
  require_finite(x, Missing::kRefused);
  const std::vector<std::int64_t> of_rows = read_labels(labels, "y_pred");
  if (static_cast<std::int64_t>(of_rows.size()) != x.rows()) {
    throw Failure::bad_input("x has " + std::to_string(x.rows()) + " rows, but y_pred has " +
                             std::to_string(of_rows.size()));
  }
  if (x.rows() < 3) {
    throw Failure::bad_input("x: expected at least 3 rows, so that they can be 2 clusters, got " +
                             x.describe());
  }
  const std::vector<std::int64_t> distinct = distinct_labels(of_rows);
  if (distinct.size() < 2 || distinct.size() >= of_rows.size()) {
    throw Failure::bad_input("y_pred: expected 2 to " + std::to_string(x.rows() - 1) +
                             " different clusters for " + std::to_string(x.rows()) + " rows, got " +
                             std::to_string(distinct.size()));
  }
  Clusters out;
  out.points = x.converted<double>();
  out.columns = x.columns();
  out.cluster.reserve(of_rows.size());
  out.sizes.resize(distinct.size());
  for (const std::int64_t label : of_rows) {
    out.cluster.push_back(place_of(label, distinct));
    ++out.sizes[out.cluster.back()];
  }
  return out;
}

void require_no_overflow(double distances) {
  if (std::isfinite(distances)) return;
  throw Failure::bad_input(
      "x: its numbers are so large that squared distances are infinite: scale it");
}

}  // namespace pet::plugins
