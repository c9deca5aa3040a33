// PCAPlugin: projects the data onto the directions in which it varies most.
//
// Shapes:     fit x [n, m]; predict [r, m] -> [r, n_components]. float32 stays float32, all else
//             becomes float64.
// Parameters: n_components, 1 to the smaller of n and m.
// Formula:    scikit-learn's PCA(svd_solver="full"): the right singular vectors of x - mean, largest
//             singular value first; each one's sign is such that, among the projected training
//             rows, the one farthest from 0 is positive (svd_flip). Singular vectors by Eigen, of
//             the R of x - mean = Q R where there are more rows than columns: O(n m^2) time.
// Errors:     bad_params for n_components below 1; bad_input for more than the data have, NaN and
//             infinities, zero rows or columns, data that is not 2-D, and other columns than fit
//             saw; not_fitted for predict before fit.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <pet/filter.hpp>
#include <string>
#include <utility>
#include <vector>

#include "plugins/features.hpp"

namespace pet::plugins {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMatrix = Eigen::Map<const Matrix>;
using ConstVector = Eigen::Map<const Eigen::RowVectorXd>;

constexpr char kTooLarge[] =
    "x: its numbers are so large that their products are infinite: scale it";

// The right singular vectors as rows, largest singular value first.
Matrix singular_vectors(const Matrix& centred, Eigen::Index count) {
  Eigen::MatrixXd reduced = centred;
  if (centred.rows() > centred.cols()) {
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(reduced);
    reduced = qr.matrixQR().topRows(centred.cols()).triangularView<Eigen::Upper>();
  }
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(reduced, Eigen::ComputeThinU | Eigen::ComputeThinV);
  if (svd.info() != Eigen::Success) throw Failure::bad_input(kTooLarge);
  return svd.matrixV().leftCols(count).transpose();
}

void choose_signs(const Matrix& centred, Matrix& components) {
  const Matrix projected = centred * components.transpose();
  for (Eigen::Index k = 0; k < components.rows(); ++k) {
    Eigen::Index farthest = 0;
    projected.col(k).cwiseAbs().maxCoeff(&farthest);
    if (projected(farthest, k) < 0) components.row(k) *= -1;
  }
}

}  // namespace

class PCAPlugin : public Filter<PCAPlugin> {
 public:
  PET_DOC("Projects the data onto the directions in which it varies most.");
  PET_PARAM(std::int64_t, n_components, 2, "how many directions are kept");

  void validate() const {
    if (n_components >= 1) return;
    throw Failure::bad_params("n_components: expected at least 1, got " +
                              std::to_string(n_components));
  }

  void fit(const XYData& x, const XYData&) {
    require_matrix(x);
    require_finite(x, Missing::kRefused);
    const std::int64_t most = std::min(x.rows(), x.columns());
    if (n_components > most) {
      throw Failure::bad_input("n_components is " + std::to_string(n_components) + ", but " +
                               x.describe() + " has at most " + std::to_string(most));
    }
    const std::vector<double> values = x.converted<double>();
    const ConstMatrix points(values.data(), x.rows(), x.columns());
    const Eigen::RowVectorXd means = points.colwise().mean();
    const Matrix centred = points.rowwise() - means;
    if (!std::isfinite(centred.squaredNorm())) throw Failure::bad_input(kTooLarge);
    Matrix found = singular_vectors(centred, n_components);
    choose_signs(centred, found);
    mean_.assign(means.data(), means.data() + means.size());
    components_.assign(found.data(), found.data() + found.size());
  }

  XYData predict(const XYData& x) const {
    if (mean_.empty())
      throw Failure::not_fitted("predict before fit: the directions are not known yet");
    require_matrix(x, static_cast<std::int64_t>(mean_.size()));
    require_finite(x, Missing::kRefused);
    return x.is<float>() ? project<float>(x) : project<double>(x);
  }

  void save(StateWriter& state) const {
    state.put("mean", mean_);
    state.put("components", components_);
  }

  void load(StateReader& state) {
    auto mean = state.get<std::vector<double>>("mean");
    auto components = state.get<std::vector<double>>("components");
    const auto count = static_cast<std::size_t>(n_components);
    const bool fits = components.size() % count == 0 && components.size() / count == mean.size() &&
                      count <= mean.size();
    if (!fits && !(mean.empty() && components.empty())) {
      throw Failure::bad_state("expected " + std::to_string(n_components) + " directions of " +
                               std::to_string(mean.size()) + " numbers, got " +
                               std::to_string(components.size()) + " numbers");
    }
    const auto is_finite = [](double value) { return std::isfinite(value); };
    if (!std::all_of(mean.begin(), mean.end(), is_finite) ||
        !std::all_of(components.begin(), components.end(), is_finite)) {
      throw Failure::bad_state("expected finite means and directions, got NaN or infinity");
    }
    mean_ = std::move(mean);
    components_ = std::move(components);
  }

 private:
  // Block by block, so that the centred copy stays small.
  template <class Out>
  XYData project(const XYData& x) const {
    constexpr std::int64_t kRowsAtOnce = 1024;
    const auto columns = static_cast<Eigen::Index>(mean_.size());
    const ConstVector means(mean_.data(), columns);
    const ConstMatrix directions(components_.data(), n_components, columns);
    XYData out = make<Out>({x.rows(), n_components});
    Out* to = out.template data<Out>();
    for (std::int64_t begin = 0; begin < x.rows(); begin += kRowsAtOnce) {
      const XYData block = x.rows(begin, std::min(begin + kRowsAtOnce, x.rows()));
      const std::vector<double> values = block.template converted<double>();
      const ConstMatrix points(values.data(), block.rows(), columns);
      const Matrix projected = (points.rowwise() - means) * directions.transpose();
      to = std::transform(projected.data(), projected.data() + projected.size(), to,
                          [](double value) { return static_cast<Out>(value); });
    }
    return out;
  }

  std::vector<double> mean_;        // of every column; empty before fit
  std::vector<double> components_;  // the directions, one after the other
};

PET_PLUGIN(PCAPlugin, "1")

}  // namespace pet::plugins
