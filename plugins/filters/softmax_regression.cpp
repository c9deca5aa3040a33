// Truncated Newton: each step solves H p = -g by conjugate gradients, preconditioned by H's diagonal
// so that columns of different scales do not matter, and H is used through products with vectors
// alone; then the step is halved until it makes the loss less. The loss is convex, and strictly so but
// for one direction: the same number on every offset, which changes no probability. Neither g nor H p
// has a part in that direction, and what rounding gives them is taken away.
//
// Sums go over the rows in their order, on one thread: no number of threads changes the answer.
#include "plugins/filters/softmax_regression.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

namespace pet::plugins {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// to += factor * from
void add(double factor, const Vector& from, Vector& to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
}

double largest(const Vector& values) {
  double out = 0;
  for (const double value : values) out = std::max(out, std::abs(value));
  return out;
}

// Loss, gradient and products with the second derivatives. Unknowns: for each score the weights of
// the columns, then the offset.
class Loss {
 public:
  explicit Loss(const LogisticProblem& problem)
      : problem_(problem),
        columns_(static_cast<std::size_t>(problem.columns)),
        stride_(columns_ + 1),
        scores_(problem.scores()),
        rows_(problem.classes.of_rows.size()),
        probability_(rows_ * scores_) {}

  // Makes the offsets add up to 0, where there are several.
  void balance(Vector& values) const {
    if (scores_ == 1) return;
    double sum = 0;
    for (std::size_t i = columns_; i < values.size(); i += stride_) sum += values[i];
    for (std::size_t i = columns_; i < values.size(); i += stride_) {
      values[i] -= sum / static_cast<double>(scores_);
    }
  }
  std::size_t unknowns() const { return scores_ * stride_; }
  bool is_weight(std::size_t i) const { return i % stride_ != columns_; }

  // Divided by C, as scikit-learn has it. Keeps the probabilities for what follows.
  double at(const Vector& unknowns) {
    double loss = 0;
    for (std::size_t i = 0; i < rows_; ++i) {
      double* p = probability_.data() + i * scores_;
      score(i, unknowns, p);
      loss += scores_ == 1 ? binomial(p, problem_.classes.of_rows[i] == 1)
                           : multinomial(p, problem_.classes.of_rows[i]);
    }
    double squares = 0;
    for (std::size_t i = 0; i < unknowns.size(); ++i) {
      if (is_weight(i)) squares += unknowns[i] * unknowns[i];
    }
    return loss + squares / (2 * problem_.C);
  }

  // The rest is at the unknowns that at() was called for last.
  Vector gradient(const Vector& unknowns) const {
    Vector out(unknowns.size());
    Vector gap(scores_);
    for (std::size_t i = 0; i < rows_; ++i) {
      const std::size_t label = problem_.classes.of_rows[i];
      for (std::size_t k = 0; k < scores_; ++k) {
        gap[k] = p(i, k) - (label == (scores_ == 1 ? 1 : k) ? 1 : 0);
      }
      spread(i, gap, out);
    }
    penalise(unknowns, out);
    balance(out);
    return out;
  }

  Vector product(const Vector& direction) const {
    Vector out(direction.size());
    Vector change(scores_);
    for (std::size_t i = 0; i < rows_; ++i) {
      score(i, direction, change.data());
      if (scores_ == 1) {
        change[0] *= p(i, 0) * (1 - p(i, 0));
      } else {
        double mean = 0;
        for (std::size_t k = 0; k < scores_; ++k) mean += p(i, k) * change[k];
        for (std::size_t k = 0; k < scores_; ++k) change[k] = p(i, k) * (change[k] - mean);
      }
      spread(i, change, out);
    }
    penalise(direction, out);
    balance(out);
    return out;
  }

  Vector diagonal() const {
    Vector out(unknowns());
    for (std::size_t i = 0; i < rows_; ++i) {
      const double* x = problem_.row(static_cast<std::int64_t>(i));
      for (std::size_t k = 0; k < scores_; ++k) {
        const double curvature = p(i, k) * (1 - p(i, k));
        double* to = out.data() + k * stride_;
        for (std::size_t j = 0; j < columns_; ++j) to[j] += curvature * x[j] * x[j];
        to[columns_] += curvature;
      }
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
      // An offset has no penalty, and no curvature where every row is certain.
      out[i] = is_weight(i) ? out[i] + 1 / problem_.C : std::max(out[i], 1e-12);
    }
    return out;
  }

 private:
  double p(std::size_t row, std::size_t k) const { return probability_[row * scores_ + k]; }

  void score(std::size_t row, const Vector& unknowns, double* out) const {
    const double* x = problem_.row(static_cast<std::int64_t>(row));
    for (std::size_t k = 0; k < scores_; ++k) {
      const double* w = unknowns.data() + k * stride_;
      out[k] = std::inner_product(x, x + columns_, w, 0.0) + w[columns_];
    }
  }

  // to[k] += change[k] * row, for every score.
  void spread(std::size_t row, const Vector& change, Vector& to) const {
    const double* x = problem_.row(static_cast<std::int64_t>(row));
    for (std::size_t k = 0; k < scores_; ++k) {
      double* at = to.data() + k * stride_;
      for (std::size_t j = 0; j < columns_; ++j) at[j] += change[k] * x[j];
      at[columns_] += change[k];
    }
  }

  void penalise(const Vector& from, Vector& to) const {
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (is_weight(i)) to[i] += from[i] / problem_.C;
    }
  }

  // Both take scores, leave probabilities in their place, and return the row's loss.
  static double binomial(double* score, bool positive) {
    const double margin = positive ? *score : -*score;
    const double small = std::exp(-std::abs(*score));
    *score = *score > 0 ? 1 / (1 + small) : small / (1 + small);
    return std::log1p(small) + std::max(-margin, 0.0);
  }
  double multinomial(double* score, std::size_t label) const {
    const double highest = *std::max_element(score, score + scores_);
    const double own = score[label] - highest;
    double sum = 0;
    for (std::size_t k = 0; k < scores_; ++k) sum += score[k] = std::exp(score[k] - highest);
    for (std::size_t k = 0; k < scores_; ++k) score[k] /= sum;
    return std::log(sum) - own;
  }

  const LogisticProblem& problem_;
  std::size_t columns_, stride_, scores_, rows_;
  Vector probability_;  // [rows, scores]
};

// An approximate p with H p = -g; the closer to the minimum, the more exact.
Vector newton_step(const Loss& loss, const Vector& gradient) {
  const Vector diagonal = loss.diagonal();
  const auto preconditioned = [&](Vector values) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] /= diagonal[i];
    return values;
  };
  Vector step(gradient.size());
  Vector rest = gradient;
  for (double& value : rest) value = -value;
  Vector scaled = preconditioned(rest);
  Vector direction = scaled;
  double size = dot(rest, scaled);
  const double wanted = size * std::clamp(size, 1e-16, 0.01);
  const std::size_t most = 20 * gradient.size() + 200;
  for (std::size_t round = 0; round < most && size > wanted && size > 0; ++round) {
    const Vector product = loss.product(direction);
    const double curvature = dot(direction, product);
    if (!(curvature > 0)) break;
    add(size / curvature, direction, step);
    add(-size / curvature, product, rest);
    scaled = preconditioned(rest);
    const double next = dot(rest, scaled);
    for (std::size_t i = 0; i < direction.size(); ++i) {
      direction[i] = scaled[i] + next / size * direction[i];
    }
    size = next;
  }
  return step;
}

}  // namespace

SoftmaxResult train_softmax(const LogisticProblem& problem, double tol, std::int64_t max_steps) {
  Loss loss(problem);
  Vector unknowns(loss.unknowns());
  double value = loss.at(unknowns);
  Vector gradient = loss.gradient(unknowns);
  SoftmaxResult out;
  while (!(out.converged = largest(gradient) <= tol) && out.steps < max_steps) {
    const Vector step = newton_step(loss, gradient);
    const double slope = dot(step, gradient);
    const double rounding = 1e-12 * value;  // in a sum over the rows
    bool found = false;
    for (double length = 1; slope < 0 && length > 1e-10 && !found; length /= 2) {
      Vector next = unknowns;
      add(length, step, next);
      const double there = loss.at(next);
      if (there > value + rounding) continue;
      // So close to the minimum that the loss does not tell, the gradient does.
      Vector gradient_there = loss.gradient(next);
      found = there < value + 1e-4 * length * slope - rounding ||
              largest(gradient_there) < largest(gradient);
      if (!found) continue;
      unknowns = std::move(next);
      gradient = std::move(gradient_there);
      value = there;
    }
    if (!found) break;  // rounding leaves nothing to gain
    ++out.steps;
  }
  loss.balance(unknowns);
  out.scores.columns = problem.columns;
  for (std::size_t i = 0; i < unknowns.size(); ++i) {
    (loss.is_weight(i) ? out.scores.weights : out.scores.offsets).push_back(unknowns[i]);
  }
  return out;
}

}  // namespace pet::plugins
